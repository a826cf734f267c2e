// Signing schemes: how each of our algorithms is said to a TPM, and which of them a chip has.
#ifndef HOLDFAST_HSM_TPM_SCHEMES_H
#define HOLDFAST_HSM_TPM_SCHEMES_H

#include <tss2/tss2_tpm2_types.h>

#include <optional>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/result.h"
#include "hsm/tpm/connection.h"

namespace holdfast::hsm {

struct SigningScheme {
    TPMI_ALG_PUBLIC type;    // TPM2_ALG_ECC or TPM2_ALG_RSA
    TPM2_ALG_ID scheme;      // TPM2_ALG_ECDSA, TPM2_ALG_RSAPSS, TPM2_ALG_RSASSA
    TPMI_ALG_HASH hash;      // of the message, and of MGF1 in PSS
    TPMI_ECC_CURVE curve;    // of ECC, else TPM2_ECC_NONE
    TPMI_RSA_KEY_BITS bits;  // of RSA, else 0
};

inline constexpr std::uint16_t p256_bytes = 32;  // of a coordinate, and of half a signature
inline constexpr std::uint16_t p384_bytes = 48;

inline constexpr SigningScheme es256_scheme = {TPM2_ALG_ECC, TPM2_ALG_ECDSA, TPM2_ALG_SHA256,
                                               TPM2_ECC_NIST_P256, 0};

// None for what no TPM makes keys for (Ed25519).
std::optional<SigningScheme> scheme_of(KeyAlgorithm algorithm) noexcept;
// Of a key that can do this and nothing else; RSA with the exponent 65537.
TPMT_PUBLIC_PARMS parameters_of(const SigningScheme& scheme) noexcept;
Result<Bytes> digest_of(const SigningScheme& scheme, ByteView message);

// ES256, which the chip has shown with its attestation key, and what else it has, by what it says:
// algorithms and curves (TPM2_GetCapability), then the whole set of parameters, which alone tells
// of RSA sizes (TPM2_TestParms, TPM 2.0 Part 3, 30.3).
Result<std::vector<KeyAlgorithm>> find_algorithms(Connection& tpm);

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_TPM_SCHEMES_H
