// Accountable: who answers for an action, in its record.
#ifndef HOLDFAST_DAEMON_HANDLERS_ACCOUNTABLE_H
#define HOLDFAST_DAEMON_HANDLERS_ACCOUNTABLE_H

#include "core/encode/json.h"
#include "daemon/handlers/services.h"

namespace holdfast::daemon::handlers {

// sponsor, owner and policy_author by value, and `declared`: the sequence of the agent's last
// "agent" record, which says who can stop it; absent where the ledger has none.
encode::Json accountable_of(const Services& services, const policy::AgentFile& file);

}  // namespace holdfast::daemon::handlers

#endif  // HOLDFAST_DAEMON_HANDLERS_ACCOUNTABLE_H
