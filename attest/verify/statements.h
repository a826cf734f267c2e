// Everything a TPM signed for one piece of evidence: of the key, its fuses, the register, the boot.
#ifndef HOLDFAST_ATTEST_VERIFY_STATEMENTS_H
#define HOLDFAST_ATTEST_VERIFY_STATEMENTS_H

#include <optional>

#include "attest/verify/quote.h"
#include "attest/verify/register.h"
#include "attest/verify/sheet.h"

namespace holdfast::attest {

// Every rule about what the AK signed, and clock.*. `key` is the agent key's public area; null for
// a key that lives elsewhere, of which a TPM says nothing.
std::optional<CertifiedLog> check_statements(Sheet& sheet, const Evidence& evidence,
                                             const Signer& ak, const tpm2::Public* key,
                                             const Sha256& challenge, const Expectations& expected);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_VERIFY_STATEMENTS_H
