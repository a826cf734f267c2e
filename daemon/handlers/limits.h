// Limits in force: what is declared, what is counted, and what an action is reserved against.
#ifndef HOLDFAST_DAEMON_HANDLERS_LIMITS_H
#define HOLDFAST_DAEMON_HANDLERS_LIMITS_H

#include <optional>
#include <string>
#include <vector>

#include "api/limit_messages.h"
#include "daemon/handlers/services.h"

namespace holdfast::daemon::handlers {

// After each change of services.agents: what is not declared any more is not counted any more, or
// it would miss what is signed from now on.
void take_declared_limits(Services& services);

// Some limit is declared, but what was used of it is not known: it refuses until it is.
bool limits_uncounted(const Services& services);
// Counts these from the ledger. One at a time; done when nothing is left to count.
Async<std::monostate> count_limits(Services& services);

// Opens the blocks that hardware limits need for this action: on record and under the anchor. What
// follows in the same step of the loop can draw on them. A refusal says why not: limit_needs_anchor
// where the chip has no anchor counter, what Limits::next_block says, or what ledger or chip say.
using Opened = std::optional<policy::LimitRefusal>;
// Await it at once.
boost::asio::awaitable<Opened> open_blocks(Services& services, const std::string& agent,
                                           const Action& action);

// In the same step as the record is queued.
policy::Reserved reserve_limits(Services& services, const policy::AgentFile& file,
                                const Action& action);

// Denied: a record with the limit's name first. Anything else is for the caller to try again.
Async<Answer> refuse_limited(Services& services, const Call& call, Action action,
                             policy::LimitRefusal refusal);

std::vector<api::LimitUse> limits_shown(const Services& services, const policy::AgentFile& file);

}  // namespace holdfast::daemon::handlers

#endif  // HOLDFAST_DAEMON_HANDLERS_LIMITS_H
