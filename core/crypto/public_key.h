// Public keys as SubjectPublicKeyInfo, and signatures checked against them.
#ifndef HOLDFAST_CORE_CRYPTO_PUBLIC_KEY_H
#define HOLDFAST_CORE_CRYPTO_PUBLIC_KEY_H

#include <string>

#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/result.h"

namespace holdfast::crypto {

struct EcPoint {
    Bytes x;  // 32 bytes, big-endian
    Bytes y;
};

// P-256 only.
Result<Bytes> spki_of_p256(const EcPoint& point);
Result<EcPoint> p256_of_spki(ByteView spki);
// modulus big-endian; exponent 0 means 65537 as TPMs write it.
Result<Bytes> spki_of_rsa(ByteView modulus, std::uint32_t exponent);
Result<Bytes> spki_of_ec(std::string_view curve, const EcPoint& point);  // "P-256", "P-384"

// RFC 7638 thumbprint of the P-256 key, base64url.
Result<std::string> jwk_thumbprint(ByteView spki);

// raw = r ‖ s, 64 bytes (RFC 7518 §3.4), over SHA-256(message).
Done verify_es256(ByteView spki, ByteView message, ByteView raw);

// A signature in JWS form (RFC 7518 §3, RFC 8037 §3.1) by exactly this algorithm: another curve, RSA
// size or salt length is invalid.
Done verify_jws(KeyAlgorithm algorithm, ByteView spki, ByteView message, ByteView signature);
// Is this SubjectPublicKeyInfo, in its one encoding, a key for that algorithm?
Done check_key_of(KeyAlgorithm algorithm, ByteView spki);

enum class SignatureScheme : std::uint8_t { ecdsa, rsassa, rsapss };
// TPM signatures: r ‖ s in equal halves for ecdsa; hash is "SHA256", "SHA384", "SHA1" …
Done verify_signature(ByteView spki, SignatureScheme scheme, std::string_view hash,
                      ByteView message, ByteView signature);

// DER SEQUENCE { r, s } from r ‖ s, and back.
Result<Bytes> der_of_raw(ByteView raw);
Result<Bytes> raw_of_der(ByteView der);

}  // namespace holdfast::crypto

#endif  // HOLDFAST_CORE_CRYPTO_PUBLIC_KEY_H
