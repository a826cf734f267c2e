// What every process of the daemon does first: dies with its supervisor, and learns its settings.
#ifndef HOLDFAST_DAEMON_PROCESS_H
#define HOLDFAST_DAEMON_PROCESS_H

#include "daemon/config.h"
#include "holdfast/descriptor.h"
#include "holdfast/result.h"

namespace holdfast::daemon {

// Descriptor numbers the supervisor gives to each child.
inline constexpr int supervisor_link = 3;  // SEQPACKET; EOF = the supervisor is gone: end
inline constexpr int settings_memfd = 4;   // sealed; INI text of the effective settings
inline constexpr int front_link = 5;       // workers only: their end of the front's link
inline constexpr int agent_listener = 6;   // front only
inline constexpr int pin_descriptor =
    6;  // keys-pkcs11 only: the PIN file, open to read; closed when there is none
inline constexpr int admin_listener = 7;  // front only
inline constexpr int first_free_descriptor = 8;

// PDEATHSIG (after the last change of credentials), checks that the parent is still there, no core
// dumps, umask 077, SIGPIPE ignored, stdio sane. Called in each child's main before anything else.
Done begin_process(const char* name);
// The part of it the supervisor itself needs too.
void harden_process(const char* name);

Result<Settings> inherited_settings();
Result<Descriptor> seal_settings(const Settings& settings);

// sysexits.h EX_TEMPFAIL: "start me again later", e.g. the TPM is not there yet.
inline constexpr int exit_try_later = 75;

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_PROCESS_H
