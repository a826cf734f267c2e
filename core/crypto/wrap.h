// Encryption to a public key the way TPMs do it: RSA-OAEP, ECDH with an ephemeral key, AES-CFB.
#ifndef HOLDFAST_CORE_CRYPTO_WRAP_H
#define HOLDFAST_CORE_CRYPTO_WRAP_H

#include <string_view>

#include "core/crypto/public_key.h"
#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::crypto {

// `label` becomes OAEP's L with its final zero byte (TPM 2.0 Part 1, B.4); MGF1 uses `hash` too.
Result<Bytes> rsa_oaep(ByteView spki, std::string_view hash, std::string_view label,
                       ByteView secret);

struct Agreement {
    EcPoint ephemeral;  // coordinates padded to the field size
    EcPoint peer;
    SecretBytes z;  // x of the shared point, padded to the field size
};
// A uniform scalar for the curve of that key (P-256, P-384).
Result<SecretBytes> random_scalar(ByteView spki);
// Z = scalar × peer (TPM 2.0 Part 1, C.6.1). The scalar must be used once.
Result<Agreement> agree(ByteView spki, const SecretBytes& scalar);

// CFB-128 with an all-zero IV, as TPMs wrap (Part 1, 24.4); key of 16 or 32 bytes, used once.
Result<Bytes> aes_cfb_zero_iv(const SecretBytes& key, ByteView plaintext);

}  // namespace holdfast::crypto

#endif  // HOLDFAST_CORE_CRYPTO_WRAP_H
