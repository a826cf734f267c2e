// Keys nobody has to make, so that corpora and targets agree: P-256's base point and its double.
#ifndef HOLDFAST_TESTS_FUZZ_FIXED_KEYS_H
#define HOLDFAST_TESTS_FUZZ_FIXED_KEYS_H

#include <string>

#include "core/crypto/public_key.h"
#include "core/encode/base64.h"
#include "holdfast/custody.h"
#include "hsm/families.h"

namespace holdfast::fuzz {

inline constexpr const char* trust_domain = "h1.example.org";
inline constexpr const char* agent = "bot";
inline constexpr const char* agent_uri = "spiffe://h1.example.org/agent/bot";
inline constexpr std::int64_t now = 1'800'000'000;

inline const Bytes& agent_spki() {
    static const Bytes spki = *crypto::spki_of_p256(
        {*encode::from_hex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"),
         *encode::from_hex("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")});
    return spki;
}
inline const Bytes& host_spki() {
    static const Bytes spki = *crypto::spki_of_p256(
        {*encode::from_hex("7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978"),
         *encode::from_hex("07775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1")});
    return spki;
}

inline KeyDescription key_of(Purpose purpose) {
    KeyDescription key;
    key.purpose = purpose;
    key.spki = host_spki();
    switch (purpose) {
        case Purpose::action:
            key.id = "agent-bot-1";
            key.agent = agent;
            key.spki = agent_spki();
            break;
        case Purpose::certificate: key.id = "ca"; break;
        case Purpose::checkpoint: key.id = "ledger"; break;
        case Purpose::attest: key.id = "ak"; break;
    }
    return key;
}

inline hsm::FamilyRules family_rules() {
    return {.trust_domain = trust_domain,
            .has_tpm = true,
            .now = [] { return now; },
            .is_live_agent_key = [](std::string_view name, ByteView spki) -> Done {
                if (name == agent && bytes_of(spki) == agent_spki()) return done();
                return Error(Code::denied, "no such key");
            },
            .is_live_key = [](ByteView spki) -> Result<bool> {
                return bytes_of(spki) == agent_spki();
            }};
}

}  // namespace holdfast::fuzz

#endif  // HOLDFAST_TESTS_FUZZ_FIXED_KEYS_H
