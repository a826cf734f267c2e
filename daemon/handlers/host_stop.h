// The host's own state, above every agent's: stopped with all of them, reinstated, or ended for
// good with the host fuse.
#ifndef HOLDFAST_DAEMON_HANDLERS_HOST_STOP_H
#define HOLDFAST_DAEMON_HANDLERS_HOST_STOP_H

#include <string>

#include "daemon/handlers/services.h"

namespace holdfast::daemon::handlers {

// AgentRow::changed_by and HostRow::changed_by of what only the chip remembers.
inline constexpr const char* by_chip = "chip";

struct HostOrder {
    std::string verb;  // "suspend" or "kill"
    std::string by;    // principal
    std::string reason;
    bool hardware = false;  // kill: blows the host fuse
};

// An unsaved row comes before the registry's.
HostRow current_host(const Services& services);

// Every agent refused in one step; what was launched is frozen or killed. conflict, host_revoked:
// its fuse is blown already, and suspending would say less than that.
Async<Answer> stop_host(Services& services, HostOrder order);
// conflict [not_suspended, host_revoked], denied [same_principal], unavailable [unsettled].
Async<Answer> reinstate_host(Services& services, std::string by, std::string reason);

// The chip remembers a blown host fuse that this registry does not know (an older state directory
// was restored): then the host is revoked here too, and says so. Asked whenever the worker starts.
Async<std::monostate> take_host_fuse(Services& services);

// What a host verb could not finish, as settle() does for agents.
bool is_host_unsettled(const Services& services);
Async<std::monostate> settle_host(Services& services);

}  // namespace holdfast::daemon::handlers

#endif  // HOLDFAST_DAEMON_HANDLERS_HOST_STOP_H
