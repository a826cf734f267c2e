// The endorsement key: is this a real chip, of whom, and is the AK on that chip?
#ifndef HOLDFAST_ATTEST_VERIFY_EK_H
#define HOLDFAST_ATTEST_VERIFY_EK_H

#include <string>

#include "attest/verify/sheet.h"
#include "core/tpm2/structures.h"
#include "holdfast/custody.h"
#include "holdfast/evidence.h"

namespace holdfast::attest {

// ek.public, ek.certificate, ek.chain, ek.key; the enrolment asks the same.
void check_ek(Sheet& sheet, const std::vector<Bytes>& certificates, ByteView ek_public,
              const Expectations& expected);

// ek.enrolment: the file binds this very AK to this very EK.
void check_enrolment(Sheet& sheet, const TpmEvidence& tpm, const tpm2::Public& ak,
                     const Expectations& expected);

// custody.claim and custody.hardware: what the EK certificate allows to be said.
void check_custody(Sheet& sheet, const TpmEvidence& tpm, const std::string& claimed);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_VERIFY_EK_H
