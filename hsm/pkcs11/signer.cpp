#include "hsm/pkcs11/signer.h"

#include <openssl/evp.h>
#include <p11-kit/pkcs11.h>

#include <array>

#include "core/crypto/hash.h"
#include "core/crypto/signature.h"
#include "hsm/pkcs11/mechanisms.h"

namespace holdfast::hsm::pkcs11 {
namespace {

// DigestInfo of SHA-256 up to the digest, RFC 8017 §9.2 note 1.
constexpr std::array<std::uint8_t, 19> sha256_info = {0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60,
                                                      0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                                                      0x01, 0x05, 0x00, 0x04, 0x20};

Result<Bytes> sign_through_evp(const SigningKey& key, ByteView message) {
    const EVP_MD* hash = ::EVP_get_digestbyname(crypto::hash_of(key.algorithm));
    HOLDFAST_TRY(signature, evp_sign(key.evp, hash, message));
    if (is_rsa(key.algorithm)) return signature;
    return crypto::raw_of_der(signature, key.algorithm);
}

// PKCS#11's ECDSA signatures are r ‖ s already (v2.40, 2.3.1).
Result<Bytes> sign_directly(Session& session, const SigningKey& key, ByteView message) {
    const CK_MECHANISM_TYPE type = wanted_for(key.algorithm).sign;
    const std::size_t size = signature_size(key.algorithm);
    const auto sign = [&](CK_MECHANISM how, ByteView input) {
        return session.sign(how, key.private_key, input, size);
    };
    if (type == CKM_EDDSA) return sign({type, nullptr, 0}, message);
    HOLDFAST_TRY(digest, crypto::hash(crypto::hash_of(key.algorithm), {message}));
    // RFC 7518 §3.5: MGF1 with the same hash, the salt as long as the hash.
    CK_RSA_PKCS_PSS_PARAMS pss{CKM_SHA256, CKG_MGF1_SHA256, digest.size()};
    if (type == CKM_RSA_PKCS_PSS) return sign({type, &pss, sizeof pss}, digest);
    if (type == CKM_ECDSA) return sign({type, nullptr, 0}, digest);
    Bytes info(sha256_info.begin(), sha256_info.end());
    info.insert(info.end(), digest.begin(), digest.end());
    return sign({type, nullptr, 0}, info);
}

}  // namespace

bool signs_through_evp(KeyAlgorithm algorithm) noexcept {
    const CK_MECHANISM_TYPE mechanism = wanted_for(algorithm).sign;
    return mechanism == CKM_ECDSA || mechanism == CKM_RSA_PKCS;
}

Result<Bytes> sign_message(Session& session, const SigningKey& key, ByteView message) {
    if (key.evp == nullptr) return sign_directly(session, key, message);
    // libp11 waits for ever for a session in a token that is gone.
    HOLDFAST_CHECK(session.check_alive());
    return sign_through_evp(key, message);
}

}  // namespace holdfast::hsm::pkcs11
