// Evidence as it arrives: what is unpacked packs to one text, and without a root to trust nothing
// is accepted for production.
#include "attest/evidence/pack.h"
#include "holdfast/register.h"
#include "holdfast/verifier.h"
#include "tests/fuzz/fuzz.h"

using namespace holdfast;
using fuzz::promise;

namespace {

attest::Expectations expectations(attest::Profile profile) {
    return {.now = 1'800'000'000,
            .profile = profile,
            .ca_roots = {},
            .ek_roots = {},
            .nonce = Bytes(32, 0x5A),
            .verifier = "relying-party.example",
            .audience = {},
            .agent = {},
            .enrolment = {},
            .manifests = {},
            .accept_unproven_boot = false,
            .accept_claimed_hsm = false,
            .anchor_pcr = default_anchor_pcr};
}

void check_rules(const attest::Appraisal& appraisal) {
    for (const auto& rule : appraisal.rules)
        promise(!appraisal.accepted() || rule.outcome != attest::Outcome::fail,
                "nothing is accepted against a rule");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = text_of({data, size});
    for (const auto profile : {attest::Profile::evaluation, attest::Profile::production}) {
        const auto appraisal = attest::verify_evidence(text, expectations(profile));
        promise(appraisal.has_value(), "evidence is appraised, whatever it is");
        check_rules(*appraisal);
        promise(profile == attest::Profile::evaluation || !appraisal->accepted(),
                "production accepts nothing without a root");
    }
    const auto evidence = attest::unpack(text);
    if (!evidence) return 0;
    const std::string packed = attest::pack(*evidence);
    const auto again = attest::unpack(packed);
    promise(again && attest::pack(*again) == packed, "evidence packs to one text");
    return 0;
}
