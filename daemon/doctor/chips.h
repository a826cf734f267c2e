// Judging what the workers' programs found: the TPM, and the tokens of a PKCS#11 module.
#ifndef HOLDFAST_DAEMON_DOCTOR_CHIPS_H
#define HOLDFAST_DAEMON_DOCTOR_CHIPS_H

#include "core/encode/json.h"
#include "daemon/config.h"
#include "daemon/doctor/finding.h"

namespace holdfast::daemon {

// `found` is what daemon/workers/describe.h wrote: {"error"}, or what is there. It comes from a
// process with somebody else's code in it, so every text in it is made printable.
void judge_tpm(const encode::Json& found, Findings& findings);
void judge_tokens(const Settings& settings, const encode::Json& found, Findings& findings);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_DOCTOR_CHIPS_H
