// Quoter: what the TPM says about itself and its keys, under the attestation key. Synchronous.
#ifndef HOLDFAST_HSM_QUOTER_H
#define HOLDFAST_HSM_QUOTER_H

#include <string>
#include <string_view>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/evidence.h"
#include "holdfast/result.h"

namespace holdfast::hsm {

struct Endorsement {
    std::vector<Bytes> certificates;  // DER, leaf first; empty when the TPM has none
    Bytes ek_public;                  // TPMT_PUBLIC
    Bytes ak_public;                  // TPMT_PUBLIC
    std::string manufacturer;         // TPM_PT_MANUFACTURER, e.g. "IBM "
};

class Quoter {
  public:
    Quoter() = default;
    Quoter(const Quoter&) = delete;
    Quoter& operator=(const Quoter&) = delete;
    virtual ~Quoter() = default;

    virtual Result<Endorsement> endorsement() = 0;

    // Quote over PCRs 0–7 and the register's anchor (SHA-256), Certify of the key, NV_Certify of
    // its fuses and of the register; the challenge is the qualifyingData of all. An empty id: of
    // the host alone, for a key that lives elsewhere. One retry if the TPM was reset or restarted
    // in between.
    virtual Result<TpmEvidence> attest(std::string_view key_id, const Sha256& challenge) = 0;

    // TPM2_ActivateCredential for the AK under the EK (TPM 2.0 Part 3, 12.5).
    virtual Result<SecretBytes> activate(ByteView blob, ByteView secret) = 0;
};

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_QUOTER_H
