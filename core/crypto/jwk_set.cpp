#include "core/crypto/jwk_set.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/crypto/public_key.h"
#include "core/crypto/spki.h"
#include "core/encode/base64.h"
#include "core/encode/json.h"

namespace holdfast::crypto {
namespace {

using encode::Json;

constexpr std::size_t max_values = 4096;
constexpr std::string_view exponent_65537 = "AQAB";
// RFC 7518 §6.2.2, §6.3.2 and §6.4: of private and of symmetric keys.
constexpr std::array private_members = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};

Error wrong(std::string_view what) {
    return {Code::invalid, "JWK set: " + std::string(what)};
}

// "" when it is not there.
Result<std::string> text_or_nothing(const Json& key, std::string_view name) {
    const Json* value = key.find(name);
    if (value == nullptr) return std::string();
    if (value->string() == nullptr) return wrong(std::string(name) + " must be a string");
    return *value->string();
}

Result<Bytes> number_in(const Json& key, std::string_view name) {
    HOLDFAST_TRY(text, text_or_nothing(key, name));
    auto bytes = encode::from_base64url(text);
    if (!bytes || bytes->empty()) return wrong(std::string(name) + " must be base64url");
    return bytes;
}

Result<Bytes> ec_spki(const Json& key, const std::string& curve) {
    HOLDFAST_TRY(x, number_in(key, "x"));
    HOLDFAST_TRY(y, number_in(key, "y"));
    return spki_of_ec(curve, EcPoint{std::move(x), std::move(y)});
}

Result<Bytes> okp_spki(const Json& key) {
    HOLDFAST_TRY(x, number_in(key, "x"));
    return spki_of_ed25519(x);
}

Result<Bytes> rsa_spki(const Json& key) {
    HOLDFAST_TRY(exponent, text_or_nothing(key, "e"));
    if (exponent != exponent_65537) return wrong("e must be AQAB");
    HOLDFAST_TRY(modulus, number_in(key, "n"));
    return spki_of_rsa(modulus, 0);
}

// Of a kind that is known.
Result<Bytes> spki_in(const Json& key) {
    HOLDFAST_TRY(type, text_or_nothing(key, "kty"));
    HOLDFAST_TRY(curve, text_or_nothing(key, "crv"));
    if (type == "EC") return ec_spki(key, curve);
    if (type == "OKP") return okp_spki(key);
    return rsa_spki(key);
}

Done check_no_secret(const Json& key) {
    if (key.object() == nullptr) return wrong("a key must be an object");
    for (const char* name : private_members)
        if (key.find(name) != nullptr) return wrong("holds a private key, or a symmetric one");
    return done();
}

bool is_known_kind(std::string_view type, std::string_view curve) {
    if (type == "EC") return curve == "P-256" || curve == "P-384";
    return type == "RSA" || (type == "OKP" && curve == "Ed25519");
}

// Issuers publish keys for other ends and of other kinds beside: RFC 7517 §5 has them ignored.
Result<bool> is_for_signatures_here(const Json& key) {
    HOLDFAST_TRY(use, text_or_nothing(key, "use"));
    HOLDFAST_TRY(type, text_or_nothing(key, "kty"));
    HOLDFAST_TRY(curve, text_or_nothing(key, "crv"));
    return (use.empty() || use == "sig") && is_known_kind(type, curve);
}

Result<PublicJwk> key_from(const Json& key) {
    PublicJwk jwk;
    HOLDFAST_TRY(kid, text_or_nothing(key, "kid"));
    if (kid.size() > max_kid) return wrong("a kid of more than 255 bytes");
    HOLDFAST_TRY(alg, text_or_nothing(key, "alg"));
    HOLDFAST_TRY(spki, spki_in(key));
    // One that OpenSSL takes, and of a size that can be checked here.
    HOLDFAST_TRY(bits, read_spki(spki));
    (void)bits;
    jwk.kid = std::move(kid);
    jwk.alg = std::move(alg);
    jwk.spki = std::move(spki);
    return jwk;
}

}  // namespace

Result<std::vector<PublicJwk>> parse_jwk_set(std::string_view text) {
    auto json = encode::parse_json(text, max_jwk_set, max_values);
    if (!json) return std::move(json).error().within("JWK set");
    const Json* keys = json->find("keys");
    if (keys == nullptr || keys->array() == nullptr) return wrong("keys must be an array");
    const Json::Array& all = *keys->array();
    if (all.empty() || all.size() > max_jwk_set_keys) return wrong("must hold 1 to 16 keys");
    std::vector<PublicJwk> set;
    for (const Json& each : all) {
        HOLDFAST_CHECK(check_no_secret(each));
        HOLDFAST_TRY(is_one, is_for_signatures_here(each));
        if (!is_one) continue;
        HOLDFAST_TRY(key, key_from(each));
        const bool twice = !key.kid.empty() && std::ranges::any_of(set, [&](const PublicJwk& one) {
            return one.kid == key.kid;
        });
        if (twice) return wrong("kid \"" + key.kid + "\" stands there twice");
        set.push_back(std::move(key));
    }
    if (set.empty()) return wrong("holds no key that checks signatures here");
    return set;
}

}  // namespace holdfast::crypto
