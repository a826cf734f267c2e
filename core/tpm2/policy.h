// The authPolicy of a fused key, computed without a TPM.
#ifndef HOLDFAST_CORE_TPM2_POLICY_H
#define HOLDFAST_CORE_TPM2_POLICY_H

#include <span>

#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/result.h"

namespace holdfast::tpm2 {

// PolicyNV for each fuse in order (TPM 2.0 Part 3, 23.9): counter and host compare EQ with the
// value at creation, bank tests its bit with BITCLEAR. SHA-256. Kind none adds
// nothing, nor does host without an index (an agent fuse for which the chip had no room).
Result<Sha256> fuse_policy(std::span<const Fuse> fuses);

}  // namespace holdfast::tpm2

#endif  // HOLDFAST_CORE_TPM2_POLICY_H
