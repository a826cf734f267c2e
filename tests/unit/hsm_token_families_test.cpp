// What a key outside the TPM may sign: it says itself what a TPM would certify.
#include "core/encode/possession.h"
#include "tests/support/catch.h"
#include "tests/support/family_bench.h"

using namespace holdfast;
using namespace holdfast::hsm;
using namespace holdfast::tests;

namespace {

KeyDescription in_token(KeyDescription key) {
    key.backend = Backend::pkcs11;
    return key;
}

encode::JwsHeader possession_header(const Bytes& spki) {
    return {.alg = "ES256",
            .typ = std::string(encode::possession_typ),
            .kid = *crypto::jwk_thumbprint(spki),
            .x5c = {}};
}

std::string possession_input(const std::string& agent, const Bytes& spki) {
    const encode::Possession said{.agent = "spiffe://" + std::string(domain) + "/agent/" + agent,
                                  .ak = {},
                                  .challenge = {},
                                  .verifier = "bank"};
    return encode::signing_input(possession_header(spki), encode::to_json(said));
}

}  // namespace

TEST_CASE("families: a token's key says that it is there, for its own agent and no other",
          "[hsm][families]") {
    const auto token_key = in_token(bot_key);
    CHECK(may_sign(token_key, possession_input("bot", first_spki)));
    CHECK(may_sign(token_key, action_input("bot", first_spki, "holdfast-action+jwt")));
    CHECK_FALSE(may_sign(token_key, possession_input("other", first_spki)));
    CHECK_FALSE(may_sign(token_key, possession_input("bot", second_spki)));
    FamilyRules elsewhere = rules();
    elsewhere.trust_domain = "h2.example.org";
    CHECK_FALSE(check_family(token_key, view_of(possession_input("bot", first_spki)), elsewhere));
}

TEST_CASE("families: a key in the TPM gives no possession in the place of its certificate",
          "[hsm][families]") {
    CHECK_FALSE(may_sign(bot_key, possession_input("bot", first_spki)));
}

TEST_CASE("families: no statement goes under the other's typ", "[hsm][families]") {
    const auto token_key = in_token(bot_key);
    CHECK_FALSE(may_sign(token_key, action_input("bot", first_spki, "holdfast-possession+jwt")));
    const auto payload = *encode::parse_jws_payload(
        encode::signing_parts(possession_input("bot", first_spki))->payload);
    encode::JwsHeader header = possession_header(first_spki);
    CHECK(may_sign(token_key, encode::signing_input(header, payload)));
    header.typ = encode::action_typ;
    CHECK_FALSE(may_sign(token_key, encode::signing_input(header, payload)));
    header.typ = "JWT";
    CHECK_FALSE(may_sign(token_key, encode::signing_input(header, payload)));
    encode::Json::Object more = *payload.object();
    more["action"] = "refund.create";
    CHECK_FALSE(may_sign(token_key,
                         encode::signing_input(possession_header(first_spki), encode::Json(more))));
}
