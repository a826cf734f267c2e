// Policy sets as apply takes them in and start finds them: whose they are, and never an older one.
#ifndef HOLDFAST_DAEMON_HANDLERS_POLICIES_H
#define HOLDFAST_DAEMON_HANDLERS_POLICIES_H

#include <string>
#include <vector>

#include "api/policy_messages.h"
#include "daemon/handlers/services.h"

namespace holdfast::daemon::handlers {

// Blocking; needs nothing of the daemon. As read_policy_sets, check_author and Policies::of.
Result<policy::Policies> read_policies(const PolicyFiles& files);

// Reads what stands in [paths] policies now, off the loop.
Async<policy::Policies> declared_policies(Services& services, policy::Operators operators);

// What taking these into force would change. conflict: policy_older, policy_same_version (another
// text or author under a version that was in force), policy_vanished (a set with policies is ended
// by a newer version without any, not by a file that is gone).
Result<std::vector<api::PolicyChange>> policy_changes(const Services& services,
                                                      const policy::Policies& declared);

// A record for each change, before it is in force. False: there was none.
Async<bool> record_policies(Services& services, const policy::Policies& declared,
                            std::vector<api::PolicyChange> changes, std::string by);

// What the registry is to keep of these changes.
PolicyRows changed_rows(const policy::Policies& declared,
                        const std::vector<api::PolicyChange>& changes);

// At start: what was last in force, from the registry. A set whose signature counts no longer
// permits nothing; what it forbids stays forbidden.
void load_policies(Services& services);

}  // namespace holdfast::daemon::handlers

#endif  // HOLDFAST_DAEMON_HANDLERS_POLICIES_H
