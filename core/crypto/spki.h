// The one SubjectPublicKeyInfo that each key of ours has, and what is in it.
#ifndef HOLDFAST_CORE_CRYPTO_SPKI_H
#define HOLDFAST_CORE_CRYPTO_SPKI_H

#include <cstdint>

#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::crypto {

enum class KeyKind : std::uint8_t { p256, p384, ed25519, rsa_2048, rsa_3072 };

// bits: what RFC 5280 §4.1.2.7 calls subjectPublicKey. An uncompressed point 04 ‖ x ‖ y (RFC 5480
// §2.2), 32 bytes (RFC 8410 §4), or an RSAPublicKey with exponent 65537 (RFC 8017, A.1.1).
struct KeyBits {
    KeyKind kind;
    Bytes bits;
};

// Written, not checked.
Bytes write_spki(KeyKind kind, ByteView bits);

// Refuses other kinds, other encodings of these, and what is no key: one text per key.
Result<KeyBits> read_spki(ByteView spki);

// The modulus in the bits of an RSA key, without a zero in front.
ByteView modulus_in(ByteView rsa_bits);

}  // namespace holdfast::crypto

#endif  // HOLDFAST_CORE_CRYPTO_SPKI_H
