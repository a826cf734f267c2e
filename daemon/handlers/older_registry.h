// What the ledger knows better than the registry: a registry of before was put back beside it, or a
// crash came between the two.
#ifndef HOLDFAST_DAEMON_HANDLERS_OLDER_REGISTRY_H
#define HOLDFAST_DAEMON_HANDLERS_OLDER_REGISTRY_H

#include <string>

#include "daemon/handlers/services.h"

namespace holdfast::daemon::handlers {

// At start, before anybody is heard: of each agent and of the host the stricter of what ledger and
// registry say is in force, and in the registry. What the registry lacks is told in the log.
void take_stops_of_ledger(Services& services);

// Was this file the last one applied, as the ledger says it? True where it says nothing.
bool is_last_declared(const Services& services, const policy::AgentFile& file);

// conflict: a set went further than the registry knows.
Done check_policy_rows(const Services& services);

}  // namespace holdfast::daemon::handlers

#endif  // HOLDFAST_DAEMON_HANDLERS_OLDER_REGISTRY_H
