// Security event tokens as an issuer would make them, and its JWK set; every part can be bent.
#ifndef HOLDFAST_TESTS_SUPPORT_EVENT_TOKEN_H
#define HOLDFAST_TESTS_SUPPORT_EVENT_TOKEN_H

#include <string>
#include <utility>

#include "core/crypto/spki.h"
#include "core/encode/base64.h"
#include "core/encode/json.h"
#include "tests/support/software_key.h"

namespace holdfast::tests {

inline constexpr const char* session_revoked =
    "https://schemas.openid.net/secevent/caep/event-type/session-revoked";
inline constexpr const char* account_disabled =
    "https://schemas.openid.net/secevent/risc/event-type/account-disabled";

inline encode::Json::Object subject_uri(const std::string& uri) {
    return {{"format", "uri"}, {"uri", uri}};
}

// RFC 7517, one key.
inline encode::Json::Object jwk_of(const SoftwareKey& key, const std::string& kid) {
    const auto read = *crypto::read_spki(key.spki());
    const ByteView bits = read.bits;
    encode::Json::Object jwk{{"kid", kid}};
    if (read.kind == crypto::KeyKind::ed25519) {
        jwk["kty"] = "OKP";
        jwk["crv"] = "Ed25519";
        jwk["x"] = encode::base64url(bits);
    } else if (read.kind == crypto::KeyKind::p256 || read.kind == crypto::KeyKind::p384) {
        const ByteView point = bits.subspan(1);
        jwk["kty"] = "EC";
        jwk["crv"] = read.kind == crypto::KeyKind::p256 ? "P-256" : "P-384";
        jwk["x"] = encode::base64url(point.first(point.size() / 2));
        jwk["y"] = encode::base64url(point.last(point.size() / 2));
    } else {
        jwk["kty"] = "RSA";
        jwk["e"] = "AQAB";
        jwk["n"] = encode::base64url(crypto::modulus_in(bits));
    }
    return jwk;
}

inline std::string jwk_set_of(encode::Json::Array keys) {
    return encode::canonical(encode::Json::Object{{"keys", std::move(keys)}});
}

struct EventToken {
    encode::Json::Object header{{"alg", "ES256"}, {"kid", "k1"}, {"typ", "secevent+jwt"}};
    encode::Json::Object claims;

    explicit EventToken(std::int64_t now, std::string jti = "jti-1") {
        claims["iss"] = "https://idp.example";
        claims["aud"] = "https://host.test";
        claims["iat"] = now;
        claims["jti"] = std::move(jti);
        claims["events"] = encode::Json::Object{{session_revoked, encode::Json::Object{}}};
        claims["sub_id"] = subject_uri("spiffe://host.test/agent/deploy-bot");
    }
    std::string input() const {
        return encode::base64url(view_of(encode::canonical(header))) + "." +
               encode::base64url(view_of(encode::canonical(claims)));
    }
    std::string signed_by(const SoftwareKey& key) const {
        return input() + "." + encode::base64url(key.sign(view_of(input())));
    }
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_EVENT_TOKEN_H
