#include "hsm/pkcs11/signer.h"

#include <p11-kit/pkcs11.h>

#include "core/crypto/digest.h"
#include "core/crypto/public_key.h"
#include "hsm/pkcs11/mechanisms.h"

namespace holdfast::hsm::pkcs11 {
namespace {

// RFC 7518 §3.5: MGF1 with the same hash, the salt as long as the hash.
Result<Bytes> sign_pss(Session& session, const SigningKey& key, ByteView message) {
    const Sha256 digest = crypto::sha256(message);
    CK_RSA_PKCS_PSS_PARAMS how{CKM_SHA256, CKG_MGF1_SHA256, digest.size()};
    return session.sign({CKM_RSA_PKCS_PSS, &how, sizeof how}, key.private_key, digest,
                        signature_size(key.algorithm));
}

Result<Bytes> sign_ecdsa(const SigningKey& key, ByteView message) {
    const bool is_p384 = key.algorithm == KeyAlgorithm::es384;
    HOLDFAST_TRY(der, evp_sign(key.evp, is_p384 ? ::EVP_sha384() : ::EVP_sha256(), message));
    return crypto::raw_of_der(der);
}

}  // namespace

bool signs_through_evp(KeyAlgorithm algorithm) noexcept {
    const CK_MECHANISM_TYPE mechanism = wanted_for(algorithm).sign;
    return mechanism == CKM_ECDSA || mechanism == CKM_RSA_PKCS;
}

Result<Bytes> sign_message(Session& session, const SigningKey& key, ByteView message) {
    // libp11 waits for ever for a session in a token that is gone.
    if (signs_through_evp(key.algorithm)) HOLDFAST_CHECK(session.check_alive());
    switch (wanted_for(key.algorithm).sign) {
        case CKM_ECDSA: return sign_ecdsa(key, message);
        case CKM_RSA_PKCS: return evp_sign(key.evp, ::EVP_sha256(), message);
        case CKM_RSA_PKCS_PSS: return sign_pss(session, key, message);
        default:
            return session.sign({CKM_EDDSA, nullptr, 0}, key.private_key, message,
                                signature_size(key.algorithm));
    }
}

}  // namespace holdfast::hsm::pkcs11
