// Digests and HMACs by algorithm name: TPM structures choose their own hash, and keys have one.
#ifndef HOLDFAST_CORE_CRYPTO_HASH_H
#define HOLDFAST_CORE_CRYPTO_HASH_H

#include <initializer_list>
#include <string_view>

#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/result.h"

namespace holdfast::crypto {

// algorithm: "SHA1", "SHA256", "SHA384" or "SHA512"; others are refused.
Result<Bytes> hash(std::string_view algorithm, std::initializer_list<ByteView> pieces);
Result<SecretBytes> hmac(std::string_view algorithm, ByteView key,
                         std::initializer_list<ByteView> pieces);

// What keys for that algorithm sign the digest of; "" for Ed25519, which hashes by itself.
const char* hash_of(KeyAlgorithm algorithm) noexcept;

// Bytes of output; 0 for an algorithm not listed above.
std::size_t hash_size(std::string_view algorithm) noexcept;

}  // namespace holdfast::crypto

#endif  // HOLDFAST_CORE_CRYPTO_HASH_H
