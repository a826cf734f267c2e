// EndorsementKey: which EK this TPM was certified with, its certificates, and how to make it again.
#ifndef HOLDFAST_HSM_TPM_ENDORSEMENT_KEY_H
#define HOLDFAST_HSM_TPM_ENDORSEMENT_KEY_H

#include <tss2/tss2_tpm2_types.h>

#include <string>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/result.h"
#include "hsm/tpm/connection.h"

namespace holdfast::hsm {

inline constexpr std::size_t max_ek_certificates = 16;
inline constexpr std::size_t max_ek_certificate = 8UL * 1024;

struct EndorsementKey {
    std::vector<Bytes> certificates;  // DER, leaf first; empty when there is none anywhere
    TPM2B_PUBLIC made_from;           // the template that yields this key
    TPMT_PUBLIC area;
};

// NV first, then the operator's directory (empty = none). The EK's key must be its certificate's:
// unavailable when there is a certificate and no known template yields its key.
Result<EndorsementKey> find_endorsement_key(Connection& tpm, const std::string& directory);

// Several DER certificates after another, with zero padding at the end, as NV holds them.
std::vector<Bytes> split_certificates(ByteView der);

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_TPM_ENDORSEMENT_KEY_H
