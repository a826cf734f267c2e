// May this agent have this action signed? Default deny; the answer names the rule.
#ifndef HOLDFAST_POLICY_EVALUATE_H
#define HOLDFAST_POLICY_EVALUATE_H

#include <string>

#include "holdfast/action.h"
#include "holdfast/result.h"
#include "policy/agent_file.h"
#include "policy/demand.h"

namespace holdfast::policy {

struct Decision {
    std::string rule;  // "agent_file:actions[2]": which line permitted it
    Demand demand;     // agent files ask for no approvals
};

// denied with reason "action_not_allowed" or "audience_not_allowed".
Result<Decision> evaluate(const AgentFile& agent, const Action& action);

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_EVALUATE_H
