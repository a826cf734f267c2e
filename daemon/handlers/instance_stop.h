// One instance's stop: its session ends and, for kill, its processes; its agent goes on.
#ifndef HOLDFAST_DAEMON_HANDLERS_INSTANCE_STOP_H
#define HOLDFAST_DAEMON_HANDLERS_INSTANCE_STOP_H

#include <string>

#include "daemon/handlers/stopping.h"

namespace holdfast::daemon::handlers {

// invalid: only suspend and kill stop an instance. not_found [unknown_instance]: neither launched
// nor connected as this agent's. conflict [not_launched]: kill of one that somebody else started.
Async<Answer> stop_instance(Services& services, AgentRow row, StopOrder order,
                            std::string instance);

// Stopped before this front began, and still running: its session is over from the start.
bool was_stopped(const Services& services, const std::string& instance);
// Killed, and perhaps not reached.
bool was_killed(const Services& services, const std::string& instance);
// It has ended: nobody needs to remember it.
void forget_stopped(Services& services, const std::string& instance);

}  // namespace holdfast::daemon::handlers

#endif  // HOLDFAST_DAEMON_HANDLERS_INSTANCE_STOP_H
