// What a key outside the TPM may sign: it says itself what a TPM would certify.
#include <array>

#include "core/encode/possession.h"
#include "tests/support/catch.h"
#include "tests/support/family_bench.h"

using namespace holdfast;
using namespace holdfast::hsm;
using namespace holdfast::tests;

namespace {

KeyDescription in_token(KeyDescription key, Custody custody = Custody::hsm) {
    key.backend = Backend::pkcs11;
    key.custody = custody;
    return key;
}

encode::JwsHeader possession_header(const Bytes& spki) {
    return {.alg = "ES256",
            .typ = std::string(encode::possession_typ),
            .kid = *crypto::jwk_thumbprint(spki),
            .x5c = {}};
}

encode::Possession possession_of(const std::string& agent) {
    return {.agent = "spiffe://" + std::string(domain) + "/agent/" + agent,
            .ak = {},
            .challenge = {},
            .custody = Custody::hsm,
            .verifier = "bank"};
}

std::string possession_input(const encode::Possession& said) {
    return encode::signing_input(possession_header(first_spki), encode::to_json(said));
}

std::string possession_input(const std::string& agent, const Bytes& spki) {
    return encode::signing_input(possession_header(spki), encode::to_json(possession_of(agent)));
}

}  // namespace

TEST_CASE("families: a token's key says that it is there, for its own agent and no other",
          "[hsm][families]") {
    const auto token_key = in_token(bot_key);
    CHECK(may_sign(token_key, possession_input("bot", first_spki)));
    CHECK(
        may_sign(token_key, action_input("bot", first_spki, "holdfast-action+jwt", Custody::hsm)));
    CHECK_FALSE(may_sign(token_key, possession_input("other", first_spki)));
    CHECK_FALSE(may_sign(token_key, possession_input("bot", second_spki)));
    FamilyRules elsewhere = rules();
    elsewhere.trust_domain = "h2.example.org";
    CHECK_FALSE(check_family(token_key, view_of(possession_input("bot", first_spki)), elsewhere));
}

TEST_CASE("families: a token's key states the custody it has and no other, whatever is asked",
          "[hsm][families]") {
    const std::array tokens_have = {Custody::hsm, Custody::software_hsm, Custody::unproven};
    for (const Custody own : tokens_have) {
        const auto token_key = in_token(bot_key, own);
        for (const Custody stated : {Custody::hsm, Custody::software_hsm, Custody::unproven,
                                     Custody::tpm, Custody::software_tpm, Custody::tpm_virtual}) {
            INFO(to_string(own) << " as " << to_string(stated));
            encode::Possession said = possession_of("bot");
            said.custody = stated;
            CHECK(may_sign(token_key, possession_input(said)) == (stated == own));
            const auto action = action_input("bot", first_spki, "holdfast-action+jwt", stated);
            CHECK(may_sign(token_key, action) == (stated == own));
        }
    }
}

TEST_CASE("families: no key says that a host with a TPM has none, nor names one where none is",
          "[hsm][families]") {
    const auto token_key = in_token(bot_key);
    encode::Possession named = possession_of("bot");
    named.ak.emplace();
    for (const bool has_tpm : {true, false}) {
        FamilyRules of_host = rules();
        of_host.has_tpm = has_tpm;
        const auto may = [&](const encode::Possession& said) {
            return check_family(token_key, view_of(possession_input(said)), of_host).has_value();
        };
        CHECK(may(named) == has_tpm);
        CHECK(may(possession_of("bot")) == !has_tpm);
    }
}

TEST_CASE("families: a key in the TPM gives no possession in the place of its certificate",
          "[hsm][families]") {
    CHECK_FALSE(may_sign(bot_key, possession_input("bot", first_spki)));
    KeyDescription as_stated = bot_key;
    as_stated.custody = Custody::hsm;
    CHECK_FALSE(may_sign(as_stated, possession_input("bot", first_spki)));
}

TEST_CASE("families: no statement goes under the other's typ", "[hsm][families]") {
    const auto token_key = in_token(bot_key);
    CHECK_FALSE(may_sign(token_key,
                         action_input("bot", first_spki, "holdfast-possession+jwt", Custody::hsm)));
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
