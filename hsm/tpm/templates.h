// The public areas we ask the TPM to make: storage root, endorsement, attestation and our own keys.
#ifndef HOLDFAST_HSM_TPM_TEMPLATES_H
#define HOLDFAST_HSM_TPM_TEMPLATES_H

#include <tss2/tss2_tpm2_types.h>

#include <cstdint>
#include <vector>

#include "holdfast/bytes.h"
#include "hsm/tpm/schemes.h"

namespace holdfast::hsm {

inline constexpr TPM2_HANDLE srk_handle = 0x81000001;

// TCG TPM v2.0 Provisioning Guidance, 7.5.1: ECC P-256, restricted decryption.
TPM2B_PUBLIC srk_template();
// An SRK found there is kept when it is fixed to this TPM and parent, restricted, for decryption.
bool fits_srk(const TPMT_PUBLIC& area) noexcept;

// Restricted signing, ECDSA P-256 with SHA-256: signs only what the TPM made itself.
TPM2B_PUBLIC ak_template();

// Signs only under `policy`: userWithAuth CLEAR, adminWithPolicy CLEAR, empty auth value.
TPM2B_PUBLIC fused_key_template(const SigningScheme& scheme, const Sha256& policy);
// The ledger key: no fuse, a password (the empty one) signs.
TPM2B_PUBLIC plain_key_template();

// Where an EK certificate may be in NV (TCG EK Credential Profile 2.4, 2.2.1.4 and .5) and the
// public areas that may belong to it, the likeliest first.
struct EkSlot {
    TPM2_HANDLE certificate;
    TPM2_HANDLE nv_template;  // a TPMT_PUBLIC that replaces ours; 0 = the profile has none
    std::vector<TPM2B_PUBLIC> templates;
};
std::vector<EkSlot> ek_slots();
// For a TPM without any certificate.
TPM2B_PUBLIC default_ek_template();

inline constexpr TPM2_HANDLE ek_chain_first = 0x01C00100;
inline constexpr TPM2_HANDLE ek_chain_last = 0x01C001FF;

// A fuse: exactly these attributes, and never ORDERLY, CLEAR_STCLEAR, WRITEDEFINE, *_STCLEAR or
// POLICY_DELETE. NO_DA because a lockout must not kill every agent.
inline constexpr TPMA_NV fuse_attributes =
    TPMA_NV_AUTHREAD | TPMA_NV_AUTHWRITE | TPMA_NV_OWNERREAD | TPMA_NV_OWNERWRITE | TPMA_NV_NO_DA;
TPMS_NV_PUBLIC counter_public(TPM2_HANDLE index);
// The random policy authorises nothing; it only makes this bank's Name its own.
TPMS_NV_PUBLIC bank_public(TPM2_HANDLE index, const Sha256& random_policy);

// The register: begins empty at every boot, lives in RAM, and changes by being extended only.
inline constexpr TPMA_NV register_attributes =
    TPMA_NV_AUTHREAD | TPMA_NV_AUTHWRITE | TPMA_NV_NO_DA | TPMA_NV_ORDERLY | TPMA_NV_CLEAR_STCLEAR;
TPMS_NV_PUBLIC register_public(TPM2_HANDLE index);

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_TPM_TEMPLATES_H
