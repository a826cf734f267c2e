// What an EK certificate says of the chip: the TPM attributes of its subject alternative name.
#ifndef HOLDFAST_CORE_CRYPTO_EK_CERTIFICATE_H
#define HOLDFAST_CORE_CRYPTO_EK_CERTIFICATE_H

#include <string>

#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::crypto {

// TCG EK Credential Profile 2.5, 3.1.2; empty where the certificate does not say.
struct ChipIdentity {
    std::string manufacturer;  // "id:53544D20"
    std::string model;
};
Result<ChipIdentity> chip_identity(ByteView certificate_der);

// tcg-kp-EKCertificate
inline constexpr const char* ek_certificate_usage = "2.23.133.8.1";

}  // namespace holdfast::crypto

#endif  // HOLDFAST_CORE_CRYPTO_EK_CERTIFICATE_H
