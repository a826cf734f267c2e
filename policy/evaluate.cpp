#include "policy/evaluate.h"

#include <algorithm>

namespace holdfast::policy {

Result<Decision> evaluate(const AgentFile& agent, const Action& action) {
    const auto listed = std::find(agent.actions.begin(), agent.actions.end(), action.action);
    if (listed == agent.actions.end())
        return Error(Code::denied, "policy: action is not listed for agent " + agent.name)
            .because("action_not_allowed");
    const bool any_audience = agent.audiences.empty();
    if (!any_audience && std::find(agent.audiences.begin(), agent.audiences.end(),
                                   action.audience) == agent.audiences.end())
        return Error(Code::denied, "policy: audience is not listed for agent " + agent.name)
            .because("audience_not_allowed");
    const auto position = listed - agent.actions.begin();
    return Decision{"agent_file:actions[" + std::to_string(position) + "]", {}};
}

}  // namespace holdfast::policy
