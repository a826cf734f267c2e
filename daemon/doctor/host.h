// What the daemon needs of the host besides its chips: users, folders, programs.
#ifndef HOLDFAST_DAEMON_DOCTOR_HOST_H
#define HOLDFAST_DAEMON_DOCTOR_HOST_H

#include <sys/types.h>

#include <optional>

#include "daemon/config.h"
#include "daemon/doctor/finding.h"

namespace holdfast::daemon {

void look_at_users(const Settings& settings, Findings& findings);
void look_at_programs(const Settings& settings, Findings& findings);
void look_at_folders(const Settings& settings, Findings& findings);

// The daemon that uses this state directory, by its pid file. Asking it, or trying its lock, could
// start it or keep it from starting.
std::optional<pid_t> running_daemon(const Settings& settings);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_DOCTOR_HOST_H
