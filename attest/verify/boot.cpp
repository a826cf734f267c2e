#include "attest/verify/boot.h"

#include <algorithm>
#include <array>

#include "attest/verify/register.h"

namespace holdfast::attest {
namespace {

constexpr std::array<std::string_view, 4> said_by_the_hosts_tpm = {"ak.", "quote.", "clock.",
                                                                   "ek."};

// Behind these a verifier knows what was measured at boot, and by whose chip.
constexpr std::array<std::string_view, 13> behind_boot = {
    "ak.public",       "ak.attributes", "ak.hierarchy",    "quote.format",     "quote.signature",
    "quote.challenge", "quote.pcrs",    "quote.boot_pcrs", "quote.pcr_digest", "ek.certificate",
    "ek.chain",        "ek.key",        "ek.enrolment"};

}  // namespace

void check_boot_stated(Sheet& sheet, const Evidence& evidence) {
    const bool is_shown = evidence.tpm.has_value();
    sheet.check("boot.stated", evidence.boot_not_proven != is_shown,
                is_shown ? "a TPM's statements are there, and nothing says otherwise"
                         : "this host has no TPM, and says so: boot: not proven");
}

void leave_boot_unproven(Sheet& sheet, const Evidence& evidence, const Expectations& expected) {
    const bool is_accepted =
        expected.profile == Profile::evaluation || expected.accept_unproven_boot;
    const std::string why = "no TPM: boot is not proven";
    for (const std::string_view prefix : said_by_the_hosts_tpm) {
        if (is_accepted) sheet.waive_all(prefix, why);
        sheet.skip_all(prefix, why);
    }
    // Not waived: required is what the credential or the relying party made so, a launch for one.
    sheet.skip_all("register.", why);
    require_register(sheet, evidence);
    if (!expected.enrolment) return;
    sheet.require("ek.enrolment");
    sheet.skip("ek.enrolment", "an enrolled host was expected, and no TPM speaks here");
}

void note_boot(Sheet& sheet) {
    const bool is_quoted =
        std::ranges::all_of(behind_boot, [&](std::string_view rule) { return sheet.passed(rule); });
    sheet.appraisal().claims["boot"] = is_quoted ? "quoted" : "not proven";
}

}  // namespace holdfast::attest
