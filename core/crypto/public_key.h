// Public keys as SubjectPublicKeyInfo, and signatures checked against them.
#ifndef HOLDFAST_CORE_CRYPTO_PUBLIC_KEY_H
#define HOLDFAST_CORE_CRYPTO_PUBLIC_KEY_H

#include <string>

#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/result.h"

namespace holdfast::crypto {

struct EcPoint {
    Bytes x;  // as long as the field, big-endian
    Bytes y;
};

// Keys of ours have one SubjectPublicKeyInfo each: points uncompressed, RSA with exponent 65537.
Result<Bytes> spki_of_p256(const EcPoint& point);
Result<EcPoint> p256_of_spki(ByteView spki);
Result<Bytes> spki_of_ec(std::string_view curve, const EcPoint& point);  // "P-256", "P-384"
Result<Bytes> spki_of_ed25519(ByteView point);  // 32 bytes, RFC 8032 §5.1.5
// modulus big-endian; exponent 0 means 65537 as TPMs write it.
Result<Bytes> spki_of_rsa(ByteView modulus, std::uint32_t exponent);

// RFC 7638 thumbprint (for Ed25519: RFC 8037, A.3) of a key of ours, base64url.
Result<std::string> jwk_thumbprint(ByteView spki);

// Is this SubjectPublicKeyInfo, in its one encoding, a key for that algorithm?
Done check_key_of(KeyAlgorithm algorithm, ByteView spki);
// What a JWS header's alg means for a key: "PS256" says nothing of the bits, the key does.
Result<KeyAlgorithm> algorithm_of(std::string_view jws_alg, ByteView spki);

// A signature in JWS form (RFC 7518 §3, RFC 8037 §3.1) by exactly this algorithm: another curve,
// RSA size or salt length is invalid.
Done verify_jws(KeyAlgorithm algorithm, ByteView spki, ByteView message, ByteView signature);
// The same for ES256: raw = r ‖ s, 64 bytes, over SHA-256(message).
Done verify_es256(ByteView spki, ByteView message, ByteView raw);

enum class SignatureScheme : std::uint8_t { ecdsa, rsassa, rsapss };
// TPM signatures: r ‖ s in equal halves for ecdsa; hash is "SHA256", "SHA384", "SHA1" …
Done verify_signature(ByteView spki, SignatureScheme scheme, std::string_view hash,
                      ByteView message, ByteView signature);

// DER SEQUENCE { r, s } from r ‖ s in equal halves, and back: es256 or es384 says how long they
// are.
Result<Bytes> der_of_raw(ByteView raw);
Result<Bytes> raw_of_der(ByteView der, KeyAlgorithm algorithm);

}  // namespace holdfast::crypto

#endif  // HOLDFAST_CORE_CRYPTO_PUBLIC_KEY_H
