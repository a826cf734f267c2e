#include "daemon/state/containment.h"

namespace holdfast::daemon {

namespace {

Error stopped(std::string_view agent, AgentState state) {
    const std::string word(to_string(state));
    const auto retry = state == AgentState::suspended ? Retry::later : Retry::never;
    return Error(Code::denied, "agent " + std::string(agent) + " is " + word, retry)
        .because("agent_" + word);
}

}  // namespace

Done Containment::allows(std::string_view agent) const {
    const auto found = states_.find(agent);
    if (found == states_.end())
        return Error(Code::denied, "agent " + std::string(agent) + " is not known here")
            .because("unrecognised_caller");
    if (found->second != AgentState::active) return stopped(agent, found->second);
    return done();
}

void Containment::set(std::string_view agent, AgentState state) {
    ++epoch_;
    states_.insert_or_assign(std::string(agent), state);
}

AgentState Containment::state_of(std::string_view agent) const {
    const auto found = states_.find(agent);
    // Nobody may act who was never declared: the strictest answer.
    return found == states_.end() ? AgentState::retired : found->second;
}

}  // namespace holdfast::daemon
