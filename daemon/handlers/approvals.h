// What signing an action has to do with approvals: asking for one, and going on with it.
#ifndef HOLDFAST_DAEMON_HANDLERS_APPROVALS_H
#define HOLDFAST_DAEMON_HANDLERS_APPROVALS_H

#include <string>

#include "api/messages.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/services.h"
#include "policy/policies.h"

namespace holdfast::daemon::handlers {

// What is demanded of this action, by whoever demands most: policy, or containment of its agent.
policy::Demand demand_of(const Services& services, const Caller& caller,
                         const policy::Decision& decision);

// Something is demanded and the request brings nothing: then ask_approval is the answer.
bool must_ask(const policy::Demand& demand, const api::ActionRequest& request);

// The approval that the request brings, if any, is for this caller, code and action, and enough
// for the demand. denied as policy::Approval::fits; not_found, unknown_approval.
Done approval_fits(const Services& services, const Call& call, const api::ActionRequest& request,
                   const policy::Demand& demand);

// 202 with the approval's id and document; recorded first. busy, too_many_approvals; denied,
// bad_demand; invalid, too_large_to_approve.
Async<Answer> ask_approval(Services& services, const Call& call, Action action,
                           policy::Decision decision, policy::Demand demand);

// What goes into the action's record: approval_fits has found it, and nothing was awaited since.
encode::Json approval_record(Services& services, const std::string& id);
// The moment it is used, once. Nothing without an id.
void use_approval(Services& services, const std::string& id);

// Each approval that expired unused is told once: recorded, and whoever waits for it is woken.
Async<std::monostate> expire_approvals(Services& services);

}  // namespace holdfast::daemon::handlers

#endif  // HOLDFAST_DAEMON_HANDLERS_APPROVALS_H
