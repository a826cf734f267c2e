// Login: as the token's user, with care for how many tries the token has left.
#ifndef HOLDFAST_HSM_PKCS11_LOGIN_H
#define HOLDFAST_HSM_PKCS11_LOGIN_H

#include "holdfast/result.h"
#include "hsm/key_files.h"
#include "hsm/pkcs11/module.h"
#include "hsm/pkcs11/pin.h"
#include "hsm/pkcs11/session.h"

namespace holdfast::hsm::pkcs11 {

// What the token says of its PIN before a try is spent on it: denied with reason pin_locked,
// pin_to_be_changed, pin_final_try, pin_not_set or pin_pad.
Done check_pin_flags(const TokenFacts& token);

// What keys/ remembers of that PIN file: denied with reason pin_refused when this token refused it.
Done check_untried(const TokenFacts& token, const PinFileIdentity& file, KeyFiles& files);

// Nothing to do where the token wants no login. What is tried is remembered in keys/ first.
Done log_in(Session& session, const TokenFacts& token, int pin_descriptor, KeyFiles& files);

}  // namespace holdfast::hsm::pkcs11

#endif  // HOLDFAST_HSM_PKCS11_LOGIN_H
