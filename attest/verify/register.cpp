#include "attest/verify/register.h"

#include <algorithm>

#include "attest/verify/quote.h"
#include "core/tpm2/attributes.h"

namespace holdfast::attest {
namespace {

std::optional<tpm2::NvPublic> check_public(Sheet& sheet, const RegisterEvidence& shown) {
    auto area = tpm2::read_nv_public(shown.nv_public);
    if (!area) {
        sheet.fail("register.public", area.error().text());
        return std::nullopt;
    }
    const bool holds = area->attributes == tpm2::nv::event_register && area->data_size == 32 &&
                       area->auth_policy.empty() && area->name.size() == 34 && area->name[0] == 0 &&
                       area->name[1] == tpm2::alg_sha256;
    sheet.check("register.public", holds,
                "32 bytes, SHA-256, EXTEND with ORDERLY, CLEAR_STCLEAR, NO_DA, AUTHREAD, "
                "AUTHWRITE, written, and nothing else");
    return *std::move(area);
}

// Well-formed, every digest its content's, numbers without a gap, all of this one index.
std::optional<std::vector<CelRecord>> check_log(Sheet& sheet, const std::string& text,
                                                const tpm2::NvPublic& area) {
    auto records = parse_cel(text);
    if (!records) {
        sheet.fail("register.log", records.error().text());
        return std::nullopt;
    }
    const bool in_place = std::ranges::all_of(*records, [&](const CelRecord& record) {
        return record.place == CelPlace::pcr || record.index == area.index;
    });
    if (!sheet.check("register.log", in_place,
                     std::to_string(records->size()) + " records, each with its digest and number"))
        return std::nullopt;
    return *std::move(records);
}

// Another boot's anchor, another index's, or one in a PCR that somebody had used before.
void check_anchor(Sheet& sheet, const RegisterLog& log, const tpm2::NvPublic& area,
                  const Evidence& evidence, const tpm2::Attest& attest,
                  const Expectations& expected) {
    const std::uint8_t pcr = evidence.tpm->event_register->anchor_pcr;
    const auto quoted = evidence.tpm->pcrs.find(expected.anchor_pcr);
    const std::string where = "PCR " + std::to_string(expected.anchor_pcr);
    if (pcr != expected.anchor_pcr || log.pcr != expected.anchor_pcr) {
        sheet.fail("register.anchor",
                   "anchored in PCR " + std::to_string(log.pcr) + ", expected " + where);
        return;
    }
    const bool of_this =
        log.anchor.name == area.name && log.anchor.reset_count == attest.reset_count;
    const bool held = quoted != evidence.tpm->pcrs.end() && quoted->second == log.anchored_pcr();
    sheet.check("register.anchor", of_this && held,
                "one anchor, the first event, of this index and this boot; " + where +
                    " is quoted and holds it and nothing else");
}

std::optional<std::size_t> check_value(Sheet& sheet, const RegisterLog& log,
                                       const tpm2::NvCertifyInfo& certified,
                                       std::uint64_t at_least) {
    Sha256 value{};
    if (certified.offset != 0 || certified.contents.size() != value.size()) {
        sheet.fail("register.value", "not the whole of the index was read");
        return std::nullopt;
    }
    std::ranges::copy(certified.contents, value.begin());
    const auto events = find_prefix(log.anchor.value, log.events(), value);
    if (!events) {
        sheet.fail("register.value", "the TPM holds what no beginning of this log adds up to");
        return std::nullopt;
    }
    const std::size_t records = *events + 1;
    if (!sheet.check("register.value", records >= at_least,
                     "the TPM holds what the first " + std::to_string(records) +
                         " records add up to; asked for at least " + std::to_string(at_least)))
        return std::nullopt;
    return records;
}

}  // namespace

void require_register(Sheet& sheet, const Evidence& evidence) {
    const bool is_shown = evidence.tpm && evidence.tpm->event_register;
    if (is_shown || evidence.register_events > 0) {
        for (const char* rule : register_rules)
            sheet.require(rule);
    }
    if (is_shown) return;
    sheet.skip_all("register.", "this host shows no register");
    if (evidence.register_events > 0)
        sheet.fail("register.format", "the challenge is of a register, and none is shown");
}

std::optional<CertifiedLog> check_register(Sheet& sheet, const Evidence& evidence,
                                           const std::optional<tpm2::Attest>& attest,
                                           const Expectations& expected) {
    const RegisterEvidence& shown = *evidence.tpm->event_register;
    const auto area = check_public(sheet, shown);
    if (!area) return std::nullopt;
    auto records = check_log(sheet, shown.log, *area);
    const auto* certified = attest ? as<tpm2::NvCertifyInfo>(sheet, "register", *attest) : nullptr;
    if (certified != nullptr)
        sheet.check("register.name", certified->index_name == area->name,
                    "the index read is the index shown");
    if (!records) return std::nullopt;
    auto log = read_register_log(*std::move(records));
    if (!log) {
        sheet.fail("register.anchor", log.error().text());
        return std::nullopt;
    }
    if (certified == nullptr) return std::nullopt;
    check_anchor(sheet, *log, *area, evidence, *attest, expected);
    const auto prefix = check_value(sheet, *log, *certified, evidence.register_events);
    if (!prefix) return std::nullopt;
    return CertifiedLog{.log = *std::move(log), .records = *prefix};
}

}  // namespace holdfast::attest
