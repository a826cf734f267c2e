// A security event token nobody signed is never believed; what its claims can say is bounded; and a
// JWK set that is read holds keys of ours.
#include <algorithm>

#include "core/crypto/spki.h"
#include "core/encode/base64.h"
#include "policy/security_event.h"
#include "tests/fuzz/fuzz.h"

using namespace holdfast;
using fuzz::promise;

namespace {

constexpr std::int64_t now = 1'700'000'000;

// A key that others published (RFC 7515, A.3): nobody here signs by it.
const policy::EventIssuer& issuer() {
    static const policy::EventIssuer pinned = [] {
        auto keys =
            crypto::parse_jwk_set(R"({"keys":[{"kty":"EC","crv":"P-256","kid":"k1",)"
                                  R"("x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
                                  R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})");
        promise(keys.has_value(), "the pinned key is one");
        return policy::EventIssuer{"https://idp.example", "https://host.test", *std::move(keys)};
    }();
    return pinned;
}

bool is_plain(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
    });
}

void check_claims(std::string_view text) {
    const auto event = policy::read_security_event(text, issuer(), now);
    if (!event) {
        promise(event.error().reason().starts_with("set_"), "each refusal has its name");
        return;
    }
    promise(text.size() <= policy::max_security_event, "an event is small");
    promise(event->issued >= now - policy::max_event_age &&
                event->issued <= now + policy::max_event_ahead,
            "an event is of this week");
    promise(event->event == "session-revoked" || event->event == "account-disabled",
            "two events are known");
    promise(event->format == "uri" || event->format == "opaque" || event->format == "email",
            "three formats are known");
    promise(is_plain(event->id) && event->id.size() <= policy::max_event_id &&
                is_plain(event->subject) && event->subject.size() <= policy::max_event_subject,
            "what is shown is plain and short");
}

void check_keys(std::string_view text) {
    const auto keys = crypto::parse_jwk_set(text);
    if (!keys) return;
    promise(!keys->empty() && keys->size() <= crypto::max_jwk_set_keys, "keys are few");
    for (const auto& key : *keys)
        promise(crypto::read_spki(key.spki).has_value(), "a key that is pinned can be used");
}

// The envelope, with the input for a header, a payload and a signature.
void check_parts(std::string_view text) {
    const std::string part = encode::base64url(view_of(text));
    promise(!policy::verify_security_event(part + "." + part + "." + part, issuer(), now),
            "nobody signed it");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = text_of(ByteView(data, size));
    const auto event = policy::verify_security_event(text, issuer(), now);
    promise(!event, "nobody signed it");
    promise(event.error().reason().starts_with("set_"), "each refusal has its name");
    check_claims(text);
    check_keys(text);
    check_parts(text);
    return 0;
}
