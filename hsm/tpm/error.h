// What each TPM and TSS response code means for us: one table, one action per code.
#ifndef HOLDFAST_HSM_TPM_ERROR_H
#define HOLDFAST_HSM_TPM_ERROR_H

#include <tss2/tss2_common.h>

#include <cstdint>
#include <string_view>

#include "holdfast/result.h"
#include "hsm/reasons.h"

namespace holdfast::hsm {

enum class Action : std::uint8_t {
    none,         // success
    back_off,     // RETRY, TESTING, YIELDED: 5…500 ms to the deadline
    back_off_nv,  // NV_RATE, NV_UNAVAILABLE: 0.5…10 s to the deadline
    lockout,      // never retried; noDA keys still work
    bad_secret,   // that auth value is never tried again
    make_room,    // our own objects and sessions are flushed, one retry
    reload,       // a context or handle went away (a reset, mostly): from the blob, one retry
    refused,      // the policy said no: the fuse is blown
    no_room,      // NV is full
    taken,        // somebody has this NV index already
    not_ready,    // no Startup, or in failure mode: an operator must look
    restart,      // the context is dead for good: the process ends and is started again
    report,       // everything else: our mistake, or the chip's
};

// The layer is decoded first; format-one codes then lose their parameter and handle bits
// (TPM 2.0 Part 2, 6.6.2).
Action action_of(TSS2_RC code) noexcept;

// Reasons by which callers tell these apart, besides those of every store; connection_lost is in
// tpm.h.
inline constexpr std::string_view gone = "tpm_handle_gone";
inline constexpr std::string_view full = "tpm_slots_full";
inline constexpr std::string_view nv_full = "tpm_nv_full";
inline constexpr std::string_view nv_taken = "tpm_nv_taken";
inline constexpr std::string_view wrong_secret = "tpm_auth_failed";
inline constexpr std::string_view other_tpm = "other_tpm";

// "Esys_Load: <text of libtss2-rc> (0x1df)".
Error error_of(std::string_view call, TSS2_RC code);
Done check(std::string_view call, TSS2_RC code);

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_TPM_ERROR_H
