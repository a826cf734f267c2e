// The TPM's key derivations KDFa and KDFe (TPM 2.0 Part 1, 11.4.10).
#ifndef HOLDFAST_CORE_CRYPTO_KDF_H
#define HOLDFAST_CORE_CRYPTO_KDF_H

#include <string_view>

#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::crypto {

// The two parties' contributions: (contextU, contextV) of KDFa, (PartyUInfo, PartyVInfo) of KDFe.
struct KdfContext {
    ByteView u;
    ByteView v;
};

// SP 800-108 in counter mode with HMAC. Whole bytes only; the label without its final zero.
Result<SecretBytes> kdfa(std::string_view hash, ByteView key, std::string_view label,
                         const KdfContext& context, std::uint32_t bits);

// SP 800-56A one-step derivation from an ECDH result.
Result<SecretBytes> kdfe(std::string_view hash, ByteView z, std::string_view label,
                         const KdfContext& context, std::uint32_t bits);

}  // namespace holdfast::crypto

#endif  // HOLDFAST_CORE_CRYPTO_KDF_H
