// The PIN file, as far as the daemon would hand it to its keys worker.
#ifndef HOLDFAST_DAEMON_DOCTOR_PIN_H
#define HOLDFAST_DAEMON_DOCTOR_PIN_H

#include "daemon/config.h"
#include "daemon/doctor/finding.h"
#include "holdfast/descriptor.h"

namespace holdfast::daemon {

// The file, not open to read (O_PATH), so that a worker's program can know it again and a vendor's
// module does not get the PIN; none where the daemon would hand over none, or it was not seen.
Descriptor look_at_pin_file(const Settings& settings, Findings& findings);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_DOCTOR_PIN_H
