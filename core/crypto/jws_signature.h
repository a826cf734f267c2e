// Signatures in JWS form, checked.
#ifndef HOLDFAST_CORE_CRYPTO_JWS_SIGNATURE_H
#define HOLDFAST_CORE_CRYPTO_JWS_SIGNATURE_H

#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/result.h"

namespace holdfast::crypto {

// A signature in JWS form (RFC 7518 §3, RFC 8037 §3.1) by exactly this algorithm: another curve,
// RSA size or salt length is invalid.
Done verify_jws(KeyAlgorithm algorithm, ByteView spki, ByteView message, ByteView signature);
// The same for ES256: raw = r ‖ s, 64 bytes, over SHA-256(message).
Done verify_es256(ByteView spki, ByteView message, ByteView raw);

}  // namespace holdfast::crypto

#endif  // HOLDFAST_CORE_CRYPTO_JWS_SIGNATURE_H
