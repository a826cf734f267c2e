// A JWS that is read is the one text of its meaning: written again it is the same; and without a
// root nothing in it is accepted.
#include "core/encode/jws.h"
#include "core/encode/statement.h"
#include "core/encode/tombstone.h"
#include "holdfast/register.h"
#include "holdfast/verifier.h"
#include "tests/fuzz/fuzz.h"

using namespace holdfast;
using fuzz::promise;

namespace {

void check_verdict(std::string_view text) {
    const attest::Expectations expected = {.now = 1'800'000'000,
                                           .profile = attest::Profile::evaluation,
                                           .ca_roots = {},
                                           .ek_roots = {},
                                           .nonce = {},
                                           .verifier = {},
                                           .audience = {},
                                           .agent = {},
                                           .enrolment = {},
                                           .manifests = {},
                                           .accept_unproven_boot = false,
                                           .accept_claimed_hsm = false,
                                           .anchor_pcr = default_anchor_pcr};
    const auto appraisal = attest::verify_action(text, expected);
    promise(appraisal && !appraisal->accepted(), "no action is accepted without a root");
    const auto ended = attest::verify_tombstone(text, expected);
    promise(ended && !ended->accepted(), "no tombstone is accepted without a CA");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = text_of({data, size});
    check_verdict(text);
    const auto jws = encode::parse_jws(text);
    if (!jws) return 0;
    const auto input = encode::signing_input(jws->header, jws->payload);
    promise(encode::compact(input, jws->signature) == text, "a JWS has one text");
    promise(encode::parse_signing_input(input).has_value(), "its signing input is read alike");
    const auto statement = encode::statement_from(jws->payload);
    promise(!statement || encode::to_json(*statement) == jws->payload, "a statement has one JSON");
    const auto tombstone = encode::tombstone_from(jws->payload);
    promise(!tombstone || encode::to_json(*tombstone) == jws->payload, "a tombstone has one JSON");
    promise(!tombstone || !statement, "a tombstone is no action");
    return 0;
}
