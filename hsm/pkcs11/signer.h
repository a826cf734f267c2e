// Signing with a key in a token, in JWS form, for each algorithm.
#ifndef HOLDFAST_HSM_PKCS11_SIGNER_H
#define HOLDFAST_HSM_PKCS11_SIGNER_H

#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/result.h"
#include "hsm/pkcs11/libp11_keys.h"
#include "hsm/pkcs11/session.h"

namespace holdfast::hsm::pkcs11 {

// One that libp11 signs with through EVP: ECDSA and PKCS#1 v1.5. It has no EdDSA, and without an
// engine it would do PSS with raw RSA (CKM_RSA_X_509), which tokens forbid for good reasons.
bool signs_through_evp(KeyAlgorithm algorithm) noexcept;

struct SigningKey {
    KeyAlgorithm algorithm;
    CK_OBJECT_HANDLE private_key;
    EVP_PKEY* evp;  // null where libp11 does not sign: then C_Sign itself does
};

// Not verified yet.
Result<Bytes> sign_message(Session& session, const SigningKey& key, ByteView message);

}  // namespace holdfast::hsm::pkcs11

#endif  // HOLDFAST_HSM_PKCS11_SIGNER_H
