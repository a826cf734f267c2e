// Signatures of TPMs, checked against SubjectPublicKeyInfos; the two forms of ECDSA signatures.
#ifndef HOLDFAST_CORE_CRYPTO_SIGNATURE_H
#define HOLDFAST_CORE_CRYPTO_SIGNATURE_H

#include <cstdint>
#include <string_view>

#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/result.h"

namespace holdfast::crypto {

enum class SignatureScheme : std::uint8_t { ecdsa, rsassa, rsapss };
// TPM signatures: r ‖ s in equal halves for ecdsa; hash is "SHA256", "SHA384", "SHA1" …
Done verify_signature(ByteView spki, SignatureScheme scheme, std::string_view hash,
                      ByteView message, ByteView signature);

// DER SEQUENCE { r, s } from r ‖ s in equal halves, and back: es256 or es384 says how long they
// are.
Result<Bytes> der_of_raw(ByteView raw);
Result<Bytes> raw_of_der(ByteView der, KeyAlgorithm algorithm);

}  // namespace holdfast::crypto

#endif  // HOLDFAST_CORE_CRYPTO_SIGNATURE_H
