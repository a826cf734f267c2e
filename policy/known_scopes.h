// KnownScopes: what policies say of a request of which only agent, action and audience are known.
#ifndef HOLDFAST_POLICY_KNOWN_SCOPES_H
#define HOLDFAST_POLICY_KNOWN_SCOPES_H

#include <cstdint>

#include "holdfast/action.h"
#include "holdfast/result.h"
#include "policy/agent_file.h"
#include "policy/policies.h"

namespace holdfast::policy {

enum class Known : std::uint8_t {
    permitted = 1,  // whatever the rest was
    denied,         // whatever the rest was
    open,           // it depends on the rest
};

// Looks at scopes alone: a rule with a condition, and one about custody, assurance or manifest of
// the agent, may apply or not. Never says more than that: what it calls permitted or denied,
// Policies::decide would, too, for every rest. Of `action` only name and audience count.
Result<Known> known_of(const Policies& policies, const AgentFile& agent, const Action& action);

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_KNOWN_SCOPES_H
