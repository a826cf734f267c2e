// What a host without a TPM leaves unsaid: whether it says so, and whether that is accepted.
#ifndef HOLDFAST_ATTEST_VERIFY_BOOT_H
#define HOLDFAST_ATTEST_VERIFY_BOOT_H

#include "attest/verify/sheet.h"
#include "holdfast/evidence.h"

namespace holdfast::attest {

// boot.stated: `boot: not proven` is there exactly if no TPM's statements are.
void check_boot_stated(Sheet& sheet, const Evidence& evidence);

// ak.*, quote.*, register.*, clock.*, ek.* of a host without a TPM: not run, and all but register.*
// waived where that is accepted. What the relying party asked for by itself stays required, and so
// does the register behind a launch.
void leave_boot_unproven(Sheet& sheet, const Evidence& evidence, const Expectations& expected);

// The claim `boot`: "quoted" behind an enrolled AK, else "not proven".
void note_boot(Sheet& sheet);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_VERIFY_BOOT_H
