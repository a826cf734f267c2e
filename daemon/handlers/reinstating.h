// Reinstating: undoes what was demanded of an agent, or its suspension.
#ifndef HOLDFAST_DAEMON_HANDLERS_REINSTATING_H
#define HOLDFAST_DAEMON_HANDLERS_REINSTATING_H

#include <string>

#include "api/contain_messages.h"
#include "daemon/handlers/services.h"

namespace holdfast::daemon::handlers {

struct ReinstateOrder {
    std::string agent;
    std::string by;  // principal
    std::string reason;
};

// Durable first, in memory last. conflict [not_suspended, file_vanished, agent_revoked,
// agent_retired, stopped_meanwhile], denied [same_principal], unavailable [unsettled].
// Stage "crl" is the caller's to tell: once for all that it reinstates.
struct Reinstated {
    api::Contained reply;
    bool moves_credentials = false;  // it stood still before
};
Async<Reinstated> reinstate_agent(Services& services, ReinstateOrder order);

}  // namespace holdfast::daemon::handlers

#endif  // HOLDFAST_DAEMON_HANDLERS_REINSTATING_H
