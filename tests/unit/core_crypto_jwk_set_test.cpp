// JWK sets: which keys may be pinned.
#include "core/crypto/jwk_set.h"
#include "tests/support/catch.h"
#include "tests/support/event_token.h"

using namespace holdfast;
using namespace holdfast::tests;
using encode::Json;

namespace {

std::string problem(const Json::Array& keys) {
    const auto set = crypto::parse_jwk_set(jwk_set_of(keys));
    return set ? "accepted" : set.error().text();
}

bool refused_for(const Json::Object& key, const std::string& word) {
    const std::string said = problem({key});
    INFO(said);
    return said != "accepted" && said.find(word) != std::string::npos;
}

}  // namespace

TEST_CASE("jwk set: keys of every kind are read as what they are", "[crypto][jwk-set]") {
    for (const auto algorithm : {KeyAlgorithm::es256, KeyAlgorithm::es384, KeyAlgorithm::ed25519,
                                 KeyAlgorithm::rs256_2048, KeyAlgorithm::rs256_3072}) {
        const SoftwareKey key(algorithm);
        const auto set = crypto::parse_jwk_set(jwk_set_of({jwk_of(key, "a")}));
        REQUIRE(set);
        CHECK(set->front().spki == key.spki());
        CHECK(set->front().kid == "a");
    }
}

TEST_CASE("jwk set: a key published by others (RFC 7515, A.3 and RFC 8037, A.2)",
          "[crypto][jwk-set]") {
    CHECK(crypto::parse_jwk_set(
        R"({"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
        R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},)"
        R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",)"
        R"("alg":"EdDSA","use":"sig","x5t":"ignored"}]})"));
}

TEST_CASE("jwk set: keys for another use and of another kind are left out", "[crypto][jwk-set]") {
    const SoftwareKey key;
    const Json::Object good = jwk_of(key, "a");
    auto encrypts = good;
    encrypts["use"] = "enc";
    auto unheard = good;
    unheard["kty"] = "AKP";
    auto curve = good;
    curve["crv"] = "P-521";
    auto agrees = jwk_of(SoftwareKey(KeyAlgorithm::ed25519), "b");
    agrees["crv"] = "X25519";
    for (const Json::Object& other : {encrypts, unheard, curve, agrees, Json::Object{}}) {
        const auto set = crypto::parse_jwk_set(jwk_set_of({other, good}));
        REQUIRE(set);
        REQUIRE(set->size() == 1);
        CHECK(set->front().spki == key.spki());
        CHECK(refused_for(other, "no key"));
    }
    // A secret that lies about is one whatever it is for.
    encrypts["d"] = "AA";
    CHECK(problem({good, encrypts}).find("private") != std::string::npos);
}

TEST_CASE("jwk set: private, symmetric and broken keys are refused", "[crypto][jwk-set]") {
    const Json::Object good = jwk_of(SoftwareKey(), "a");
    for (const char* member : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}) {
        auto key = good;
        key[member] = "AA";
        CHECK(refused_for(key, "private"));
    }
    auto bent = good;
    bent["use"] = 7;
    CHECK(refused_for(bent, "use"));
    bent = good;
    bent["crv"] = "P-384";
    CHECK(problem({bent}) != "accepted");
    bent = good;
    bent["x"] = bent["y"];
    CHECK(problem({bent}) != "accepted");
    bent = good;
    bent["x"] = "A";
    CHECK(refused_for(bent, "base64url"));
    bent = good;
    bent["kid"] = 7;
    CHECK(refused_for(bent, "kid"));
    bent = jwk_of(SoftwareKey(KeyAlgorithm::rs256_2048), "a");
    bent["e"] = "Aw";
    CHECK(refused_for(bent, "AQAB"));
    bent["e"] = "AQAB";
    bent["n"] = "AQAB";
    CHECK(problem({bent}) != "accepted");
}

TEST_CASE("jwk set: sixteen keys, each kid once, at most 64 KiB", "[crypto][jwk-set]") {
    const SoftwareKey key;
    Json::Array keys;
    for (std::size_t i = 0; i < crypto::max_jwk_set_keys; ++i)
        keys.emplace_back(jwk_of(key, "k" + std::to_string(i)));
    CHECK(problem(keys) == "accepted");
    keys.emplace_back(jwk_of(key, "more"));
    CHECK(problem(keys) != "accepted");
    CHECK(problem({}) != "accepted");
    CHECK(problem({jwk_of(key, "a"), jwk_of(key, "a")}).find("twice") != std::string::npos);
    CHECK(problem({jwk_of(key, std::string(crypto::max_kid, 'k'))}) == "accepted");
    CHECK(problem({jwk_of(key, std::string(crypto::max_kid + 1, 'k'))}) != "accepted");
    CHECK_FALSE(crypto::parse_jwk_set("[]"));
    CHECK_FALSE(crypto::parse_jwk_set("{\"keys\":{}}"));
    CHECK_FALSE(crypto::parse_jwk_set("{\"keys\":[7]}"));
    const std::string set = jwk_set_of({jwk_of(key, "a")});
    CHECK(crypto::parse_jwk_set(set + std::string(crypto::max_jwk_set - set.size(), ' ')));
    CHECK_FALSE(
        crypto::parse_jwk_set(set + std::string(crypto::max_jwk_set + 1 - set.size(), ' ')));
}
