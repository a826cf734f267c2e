// PCRs of the SHA-256 bank, and the TPM's count of its own starts.
#ifndef HOLDFAST_HSM_TPM_PCR_H
#define HOLDFAST_HSM_TPM_PCR_H

#include <tss2/tss2_esys.h>

#include <cstdint>
#include <map>

#include "holdfast/bytes.h"
#include "holdfast/result.h"
#include "hsm/tpm/connection.h"

namespace holdfast::hsm {

// Bit n is PCR n.
using PcrMask = std::uint32_t;
inline constexpr unsigned pcr_count = 24;
inline constexpr PcrMask boot_pcrs = 0xFF;  // PCR 0–7: firmware, its configuration, boot loader
constexpr PcrMask pcr_bit(std::uint8_t pcr) noexcept {
    return PcrMask{1} << pcr;
}

using PcrValues = std::map<std::uint8_t, Sha256>;

// The SHA-256 bank and these PCRs of it.
TPML_PCR_SELECTION selection_of(PcrMask wanted);
Result<PcrValues> read_pcrs(Connection& tpm, PcrMask wanted);
Done pcr_extend(Connection& tpm, std::uint8_t pcr, const Sha256& digest);

// Not obfuscated, unlike those in what a key outside the endorsement hierarchy signs.
struct Starts {
    std::uint32_t reset_count = 0;    // TPM Resets: power cycles
    std::uint32_t restart_count = 0;  // TPM Restarts and Resumes since then
};
Result<Starts> read_starts(Connection& tpm);

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_TPM_PCR_H
