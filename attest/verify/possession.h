// A key outside the TPM: what it says of itself, and what nobody but it says.
#ifndef HOLDFAST_ATTEST_VERIFY_POSSESSION_H
#define HOLDFAST_ATTEST_VERIFY_POSSESSION_H

#include <optional>
#include <string>

#include "attest/verify/credential.h"
#include "attest/verify/sheet.h"
#include "holdfast/evidence.h"

namespace holdfast::attest {

// possession.*, for a key under whose name this challenge was made. Returns the custody that the
// key states, if its signature passed.
std::optional<Custody> check_possession(Sheet& sheet, const Evidence& evidence,
                                        const Sha256& challenge,
                                        const std::optional<Subject>& subject);

// custody.claim and custody.hardware of a key in a token that states this custody; then whether
// what a TPM would have said of the key may stay unsaid.
void check_token_custody(Sheet& sheet, const std::optional<Custody>& stated,
                         const std::optional<Subject>& subject, const Expectations& expected);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_VERIFY_POSSESSION_H
