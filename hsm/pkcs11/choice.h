// Choice: which token of a module is meant, and whether it can be used.
#ifndef HOLDFAST_HSM_PKCS11_CHOICE_H
#define HOLDFAST_HSM_PKCS11_CHOICE_H

#include <string>

#include "holdfast/result.h"
#include "hsm/pkcs11/module.h"
#include "hsm/pkcs11/uri.h"

namespace holdfast::hsm::pkcs11 {

// An initialised one with all that the URI names. SoftHSM, for one, shows a blank token where the
// next one could be made.
bool is_meant(const TokenUri& uri, const TokenFacts& token) noexcept;

// Exactly one. unavailable with reason token_missing, invalid with reason token_ambiguous or for
// what is no URI of a token.
Result<TokenFacts> find_token(const Module& module, const std::string& uri);

// By what the token says of itself: a serial number, room for our sessions, not write protected.
// invalid otherwise.
Done check_usable(const TokenFacts& token);

}  // namespace holdfast::hsm::pkcs11

#endif  // HOLDFAST_HSM_PKCS11_CHOICE_H
