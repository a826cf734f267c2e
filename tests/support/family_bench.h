// What keys are asked to sign, and the rules of one host: for tests of what they may.
#ifndef HOLDFAST_TESTS_SUPPORT_FAMILY_BENCH_H
#define HOLDFAST_TESTS_SUPPORT_FAMILY_BENCH_H

#include <string>
#include <utility>

#include "core/crypto/jwk.h"
#include "core/crypto/public_key.h"
#include "core/encode/base64.h"
#include "core/encode/jws.h"
#include "core/encode/statement.h"
#include "hsm/families.h"

namespace holdfast::tests {

inline constexpr const char* domain = "h1.example.org";
inline constexpr std::int64_t now = 1'800'000'000;

// The base point of P-256 and its double: two keys nobody has to make.
inline const Bytes first_spki = *crypto::spki_of_p256(
    {*encode::from_hex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"),
     *encode::from_hex("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")});
inline const Bytes second_spki = *crypto::spki_of_p256(
    {*encode::from_hex("7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978"),
     *encode::from_hex("07775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1")});

inline KeyDescription key_of(Purpose purpose, std::string agent, Bytes spki) {
    KeyDescription key;
    key.purpose = purpose;
    key.agent = std::move(agent);
    key.spki = std::move(spki);
    return key;
}
inline const KeyDescription bot_key = key_of(Purpose::action, "bot", first_spki);

inline hsm::FamilyRules rules() {
    return {
        .trust_domain = domain,
        .has_tpm = false,
        .now = [] { return now; },
        .is_live_agent_key =
            [](std::string_view agent, ByteView spki) {
                if (agent == "bot" && bytes_of(spki) == first_spki) return done();
                return Done(Error(Code::denied, "no live key of that agent"));
            },
        .is_live_key = [](ByteView spki) -> Result<bool> { return bytes_of(spki) == first_spki; }};
}

inline Statement statement_of(const std::string& agent) {
    Statement statement;
    statement.action.action = "refund.create";
    statement.action.audience = "https://bank.example";
    statement.action.params = R"({"amount":50})";
    statement.agent = "spiffe://" + std::string(domain) + "/agent/" + agent;
    statement.instance = "i-1";
    statement.sponsor = "finance";
    statement.time = now;
    statement.sequence = 7;
    statement.decision = "permit";
    statement.rule = "payments:refunds";
    statement.custody = Custody::tpm;
    statement.fuse = FuseKind::counter;
    return statement;
}

inline std::string action_input(const std::string& agent, const Bytes& spki, const std::string& typ,
                                Custody custody = Custody::tpm) {
    Statement statement = statement_of(agent);
    statement.custody = custody;
    return encode::signing_input(
        {.alg = "ES256", .typ = typ, .kid = *crypto::jwk_thumbprint(spki), .x5c = {}},
        encode::to_json(statement));
}

inline bool may_sign(const KeyDescription& key, ByteView bytes) {
    return hsm::check_family(key, bytes, rules()).has_value();
}
inline bool may_sign(const KeyDescription& key, const std::string& text) {
    return may_sign(key, view_of(text));
}

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_FAMILY_BENCH_H
