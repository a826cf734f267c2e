#include "attest/verify/ek.h"

#include <algorithm>
#include <array>

#include "attest/verify/enrolment.h"
#include "core/crypto/certificate.h"
#include "core/crypto/ek_certificate.h"
#include "core/tpm2/attributes.h"

namespace holdfast::attest {
namespace {

// TCG Vendor ID Registry: makers of TPMs in software (swtpm writes IBM's PEN, 0x1014) …
constexpr std::array<std::string_view, 3> software_makers = {"id:00001014", "id:49424D20",
                                                             "id:58434720"};
// … and of virtual ones: a hypervisor keeps their keys.
constexpr std::array<std::string_view, 4> virtual_makers = {"id:474F4F47", "id:4D534654",
                                                            "id:564D5700", "id:414D5A4E"};

// What a TPM with a valid certificate of that maker is.
Custody custody_of(const crypto::ChipIdentity& chip) {
    const auto made_by = [&](const auto& makers) {
        return std::ranges::find(makers, chip.manufacturer) != makers.end();
    };
    if (made_by(software_makers) || chip.model.find("swtpm") != std::string::npos)
        return Custody::software_tpm;
    if (made_by(virtual_makers)) return Custody::tpm_virtual;
    return chip.manufacturer.empty() ? Custody::unproven : Custody::tpm;
}

void check_ek_public(Sheet& sheet, const Result<tpm2::Public>& ek) {
    namespace object = tpm2::object;
    if (!ek) {
        sheet.fail("ek.public", ek.error().text());
        return;
    }
    constexpr std::uint32_t wanted =
        object::fixed_tpm | object::fixed_parent | object::restricted | object::decrypt;
    sheet.check("ek.public",
                (ek->attributes & wanted) == wanted && (ek->attributes & object::sign) == 0,
                "fixedTPM, fixedParent, restricted, decrypt; not sign");
}

bool is_for_eks(const crypto::Certificate& certificate) {
    const auto& usages = certificate.extended_key_usage;
    const bool allowed =
        usages.empty() || std::ranges::find(usages, crypto::ek_certificate_usage) != usages.end();
    return allowed && !certificate.is_ca;
}

}  // namespace

void check_ek(Sheet& sheet, const std::vector<Bytes>& certificates, ByteView ek_public,
              const Expectations& expected) {
    const auto ek = tpm2::read_public(ek_public);
    check_ek_public(sheet, ek);
    if (certificates.empty()) {
        for (const char* rule : {"ek.certificate", "ek.chain", "ek.key"})
            sheet.skip(rule, "this host has no EK certificate");
        return;
    }
    const auto leaf = crypto::parse_certificate(certificates.front());
    if (!leaf) {
        sheet.fail("ek.certificate", leaf.error().text());
        return;
    }
    sheet.check("ek.certificate", is_for_eks(*leaf), "an end entity, for endorsement keys");
    if (ek) sheet.check("ek.key", ek->spki == leaf->spki, "certified key = the EK's public area");
    if (expected.ek_roots.empty()) {
        sheet.skip("ek.chain", "no EK root was given");
        return;
    }
    const std::span<const Bytes> helpers = std::span(certificates).subspan(1);
    sheet.check("ek.chain",
                crypto::verify_chain(certificates.front(), helpers, expected.ek_roots,
                                     {.now = expected.now, .ignore_unknown_critical_san = true}),
                "chains to a given TPM vendor root");
}

void check_enrolment(Sheet& sheet, const TpmEvidence& tpm, const tpm2::Public& ak,
                     const Expectations& expected) {
    if (!expected.enrolment) {
        sheet.skip("ek.enrolment", "no enrolment file was given");
        return;
    }
    sheet.require("ek.enrolment");
    const auto enrolment = enrolment_from(text_of(*expected.enrolment));
    if (!enrolment) {
        sheet.fail("ek.enrolment", enrolment.error().text());
        return;
    }
    sheet.check("ek.enrolment",
                enrolment->ek_public == tpm.ek_public && enrolment->ak_name == ak.name,
                "the AK answered a challenge under this EK at " + std::to_string(enrolment->time));
}

void check_custody(Sheet& sheet, const TpmEvidence& tpm, const std::string& claimed) {
    auto& claims = sheet.appraisal().claims;
    claims["custody"] = to_string(Custody::unproven);
    if (!sheet.passed("ek.chain") || !sheet.passed("ek.certificate") || !sheet.passed("ek.key")) {
        sheet.skip_all("custody.", "the EK certificate was not chained to a given root");
        return;
    }
    const auto chip = crypto::chip_identity(tpm.ek_certificates.front());
    const Custody custody = chip ? custody_of(*chip) : Custody::unproven;
    const std::string name(to_string(custody));
    if (claimed.empty()) {
        sheet.skip("custody.claim", "there is no credential that claims one");
    } else {
        sheet.check("custody.claim", claimed == name || claimed == to_string(Custody::unproven),
                    "credential: " + claimed + ", EK certificate: " + name);
    }
    // A valid certificate says what made the EK; only the enrolment says that the AK is there too.
    if (!sheet.passed("ek.enrolment")) {
        sheet.skip("custody.hardware", "the AK is not bound to this EK by an enrolment");
        return;
    }
    claims["custody"] = name;
    if (custody == Custody::tpm) {
        sheet.check("custody.hardware", true, "TPM by " + chip->manufacturer);
    } else {
        sheet.skip("custody.hardware", "the EK certificate says " + name);
    }
}

}  // namespace holdfast::attest
