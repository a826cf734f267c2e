// Public keys as SubjectPublicKeyInfo.
#ifndef HOLDFAST_CORE_CRYPTO_PUBLIC_KEY_H
#define HOLDFAST_CORE_CRYPTO_PUBLIC_KEY_H

#include <cstdint>
#include <string_view>

#include "holdfast/bytes.h"
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

}  // namespace holdfast::crypto

#endif  // HOLDFAST_CORE_CRYPTO_PUBLIC_KEY_H
