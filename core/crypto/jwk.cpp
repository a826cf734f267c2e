#include "core/crypto/jwk.h"

#include "core/crypto/digest.h"
#include "core/crypto/recent.h"
#include "core/crypto/spki.h"
#include "core/encode/base64.h"

namespace holdfast::crypto {
namespace {

using encode::base64url;

std::string ec_jwk(std::string_view curve, ByteView bits) {
    const ByteView point = bits.subspan(1);
    const std::size_t half = point.size() / 2;
    return R"({"crv":")" + std::string(curve) + R"(","kty":"EC","x":")" +
           base64url(point.first(half)) + R"(","y":")" + base64url(point.last(half)) + R"("})";
}

// RFC 7638 §3.2: the required members, in this order, no white space.
std::string required_members(const KeyBits& key) {
    switch (key.kind) {
        case KeyKind::p256: return ec_jwk("P-256", key.bits);
        case KeyKind::p384: return ec_jwk("P-384", key.bits);
        case KeyKind::ed25519:
            return R"({"crv":"Ed25519","kty":"OKP","x":")" + base64url(key.bits) + R"("})";
        case KeyKind::rsa_2048:
        case KeyKind::rsa_3072: break;
    }
    return R"({"e":"AQAB","kty":"RSA","n":")" + base64url(modulus_in(key.bits)) + R"("})";
}

Result<std::string> thumbprint_of(ByteView spki) {
    HOLDFAST_TRY(key, read_spki(spki));
    return base64url(sha256(view_of(required_members(key))));
}

Result<KeyKind> kind_for(KeyAlgorithm algorithm) {
    switch (algorithm) {
        case KeyAlgorithm::es256: return KeyKind::p256;
        case KeyAlgorithm::es384: return KeyKind::p384;
        case KeyAlgorithm::ed25519: return KeyKind::ed25519;
        case KeyAlgorithm::ps256_2048:
        case KeyAlgorithm::rs256_2048: return KeyKind::rsa_2048;
        case KeyAlgorithm::ps256_3072:
        case KeyAlgorithm::rs256_3072: return KeyKind::rsa_3072;
    }
    return Error(Code::invalid, "public key: unknown algorithm");
}

}  // namespace

Result<std::string> jwk_thumbprint(ByteView spki) {
    thread_local Recent<std::string> recent;
    return recent.read(spki, thumbprint_of);
}

Done check_key_of(KeyAlgorithm algorithm, ByteView spki) {
    HOLDFAST_TRY(kind, kind_for(algorithm));
    HOLDFAST_TRY(key, read_spki(spki));
    if (key.kind != kind)
        return Error(Code::invalid, "public key: is not for " + std::string(to_string(algorithm)));
    return done();
}

Result<KeyAlgorithm> algorithm_of(std::string_view alg, ByteView spki) {
    HOLDFAST_TRY(key, read_spki(spki));
    for (const KeyAlgorithm algorithm : key_algorithms) {
        const auto kind = kind_for(algorithm);
        if (jws_alg(algorithm) == alg && kind && *kind == key.kind) return algorithm;
    }
    return Error(Code::invalid, "public key: is not for alg " + std::string(alg));
}

}  // namespace holdfast::crypto
