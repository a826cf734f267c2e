// What each PKCS#11 return value means for us: one table, one action per code.
#ifndef HOLDFAST_HSM_PKCS11_ERROR_H
#define HOLDFAST_HSM_PKCS11_ERROR_H

#include <p11-kit/pkcs11.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "holdfast/result.h"
#include "hsm/reasons.h"

namespace holdfast::hsm::pkcs11 {

enum class Action : std::uint8_t {
    none,          // success
    restart,       // session, token or module are gone for this process: it ends and starts again
    busy,          // no session left, or a passing trouble: later
    full,          // no room for another object
    no_algorithm,  // this mechanism, curve or size is not to be had
    pin_refused,   // that PIN is not tried again
    pin_locked,    // never tried again: an operator must unlock it
    forbidden,     // the token's own rules: write protected, read only, not destroyable
    report,        // everything else: our mistake, or the module's
};
Action action_of(CK_RV code) noexcept;

// "CKR_DEVICE_REMOVED"; "0x80000003" for what the standard does not know.
std::string name_of(CK_RV code);

// Reasons by which callers tell these apart, besides those of every store; token_lost is in
// token.h.
inline constexpr std::string_view token_busy = "token_busy";
inline constexpr std::string_view token_full = "token_full";
inline constexpr std::string_view token_forbids = "token_forbids";
inline constexpr std::string_view pin_refused = "pin_refused";
inline constexpr std::string_view pin_locked = "pin_locked";
inline constexpr std::string_view other_token = "other_token";
inline constexpr std::string_view key_missing = "token_key_missing";

// "C_Sign: the session or the token is gone (CKR_DEVICE_REMOVED)".
Error error_of(std::string_view call, CK_RV code);
Done check(std::string_view call, CK_RV code);

}  // namespace holdfast::hsm::pkcs11

#endif  // HOLDFAST_HSM_PKCS11_ERROR_H
