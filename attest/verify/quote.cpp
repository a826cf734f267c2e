#include "attest/verify/quote.h"

#include <algorithm>
#include <set>

#include "core/crypto/hash.h"
#include "core/tpm2/attributes.h"

namespace holdfast::attest {
namespace {

constexpr std::uint8_t boot_pcrs = 8;  // 0–7: what the firmware measured

std::set<std::uint8_t> indices(const std::map<std::uint8_t, Bytes>& bank) {
    std::set<std::uint8_t> out;
    for (const auto& [index, value] : bank)
        out.insert(index);
    return out;
}

PcrBanks banks_of(const TpmEvidence& evidence) {
    PcrBanks banks;
    for (const auto& [index, value] : evidence.pcrs)
        banks[tpm2::alg_sha256][index] = bytes_of(value);
    return banks;
}

bool covers_boot(const tpm2::QuoteInfo& quote) {
    return std::ranges::any_of(quote.selected, [](const tpm2::PcrSelection& bank) {
        if (bank.hash != tpm2::alg_sha256) return false;
        for (std::uint8_t pcr = 0; pcr < boot_pcrs; ++pcr) {
            if (!bank.pcrs.contains(pcr)) return false;
        }
        return true;
    });
}

}  // namespace

Done check_pcr_selection(const tpm2::QuoteInfo& quote, const PcrBanks& pcrs) {
    std::size_t selected_banks = 0;
    for (const tpm2::PcrSelection& selection : quote.selected) {
        if (selection.pcrs.empty()) continue;
        ++selected_banks;
        const auto bank = pcrs.find(selection.hash);
        if (bank == pcrs.end()) return Error(Code::invalid, "a quoted bank was not supplied");
        if (indices(bank->second) != selection.pcrs)
            return Error(Code::invalid, "the PCRs supplied are not the PCRs quoted");
    }
    if (selected_banks == 0) return Error(Code::invalid, "the quote covers no PCR");
    if (selected_banks != pcrs.size())
        return Error(Code::invalid, "PCRs of a bank were supplied that the quote does not cover");
    return done();
}

Done check_pcr_digest(const tpm2::QuoteInfo& quote, const PcrBanks& pcrs,
                      std::uint16_t signature_hash) {
    Bytes values;
    for (const tpm2::PcrSelection& selection : quote.selected) {
        const auto bank = pcrs.find(selection.hash);
        for (const std::uint8_t index : selection.pcrs) {
            if (bank == pcrs.end() || !bank->second.contains(index))
                return Error(Code::invalid, "a quoted PCR was not supplied");
            const Bytes& value = bank->second.at(index);
            if (value.size() != crypto::hash_size(tpm2::hash_name(selection.hash)))
                return Error(Code::invalid, "a PCR value has not the size of its bank");
            values.insert(values.end(), value.begin(), value.end());
        }
    }
    HOLDFAST_TRY(digest, crypto::hash(tpm2::hash_name(signature_hash), {values}));
    if (digest != quote.pcr_digest)
        return Error(Code::invalid, "the PCRs supplied do not hash to the digest quoted");
    return done();
}

std::optional<Signer> check_ak(Sheet& sheet, ByteView ak_public) {
    auto key = tpm2::read_public(ak_public);
    if (!key) {
        sheet.fail("ak.public", key.error().text());
        return std::nullopt;
    }
    sheet.check("ak.public", true, "a TPMT_PUBLIC and nothing else");
    // Restricted: the TPM signs nothing under it that it did not make itself.
    constexpr std::uint32_t wanted = tpm2::object::restricted | tpm2::object::sign |
                                     tpm2::object::fixed_tpm | tpm2::object::fixed_parent |
                                     tpm2::object::sensitive_data_origin;
    const bool holds =
        (key->attributes & wanted) == wanted && (key->attributes & tpm2::object::decrypt) == 0;
    sheet.check("ak.attributes", holds,
                "restricted, sign, fixedTPM, fixedParent, sensitiveDataOrigin; not decrypt");
    auto qualified = tpm2::qualified_name_of_primary(tpm2::endorsement_hierarchy, *key);
    if (!qualified) {
        sheet.fail("ak.public", qualified.error().text());
        return std::nullopt;
    }
    return Signer{.key = *std::move(key), .qualified_name = *std::move(qualified)};
}

std::optional<tpm2::Attest> check_statement(Sheet& sheet, const std::string& rule,
                                            const Attested& attested, const Signer& ak,
                                            ByteView challenge) {
    sheet.check(rule + ".signature", tpm2::verify(ak.key, attested.attest, attested.signature),
                "by the attestation key, over the whole statement");
    auto attest = tpm2::read_attest(attested.attest);
    if (!attest) {
        sheet.fail(rule + ".format", attest.error().text());
        return std::nullopt;
    }
    sheet.check(rule + ".format", true, "TPM_GENERATED, the expected type, no trailing bytes");
    sheet.check(rule + ".challenge", std::ranges::equal(attest->extra_data, challenge),
                "qualifyingData is the challenge recomputed from this evidence");
    sheet.check("ak.hierarchy", attest->qualified_signer == ak.qualified_name,
                "every statement names the AK as a primary key of the endorsement hierarchy");
    return *std::move(attest);
}

void check_quote(Sheet& sheet, const tpm2::Attest& attest, const TpmEvidence& evidence) {
    const auto* quote = as<tpm2::QuoteInfo>(sheet, "quote", attest);
    if (quote == nullptr) return;
    const PcrBanks pcrs = banks_of(evidence);
    sheet.check("quote.pcrs", check_pcr_selection(*quote, pcrs), "supplied PCRs = quoted PCRs");
    sheet.check("quote.boot_pcrs", covers_boot(*quote), "PCRs 0 to 7 of the SHA-256 bank");
    const auto signature = tpm2::read_signature(evidence.quote.signature);
    if (!signature) {
        sheet.skip("quote.pcr_digest", "the signature does not say its hash");
        return;
    }
    sheet.check("quote.pcr_digest", check_pcr_digest(*quote, pcrs, signature->hash),
                "the PCR values hash to the digest quoted");
}

}  // namespace holdfast::attest
