// What `holdfastd --doctor` does: looks at everything the settings name, without using any of it.
#ifndef HOLDFAST_DAEMON_DOCTOR_DOCTOR_H
#define HOLDFAST_DAEMON_DOCTOR_DOCTOR_H

#include <string>

#include "daemon/config.h"
#include "daemon/doctor/finding.h"
#include "holdfast/result.h"

namespace holdfast::daemon {

// Changes nothing: makes no key and no file, logs in nowhere, tries no PIN. Chips are looked at by
// their workers' programs, in processes of their own.
void examine(const Settings& settings, Findings& findings);

// For people: a line a finding, below it what to do. As JSON: {"findings", "troubles"}.
std::string report_of(const Findings& findings);
std::string json_of(const Findings& findings);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_DOCTOR_DOCTOR_H
