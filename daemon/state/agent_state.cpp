#include "daemon/state/agent_state.h"

#include <algorithm>
#include <array>

namespace holdfast::daemon {
namespace {

constexpr std::array by_strictness = {AgentState::active,        AgentState::throttled,
                                      AgentState::approval_only, AgentState::suspended,
                                      AgentState::revoked,       AgentState::retired};

// A state that nobody knows is past the last one: the strictest.
auto place_of(AgentState state) {
    return std::find(by_strictness.begin(), by_strictness.end(), state) - by_strictness.begin();
}

}  // namespace

std::string_view to_string(AgentState state) noexcept {
    switch (state) {
        case AgentState::active: return "active";
        case AgentState::suspended: return "suspended";
        case AgentState::revoked: return "revoked";
        case AgentState::retired: return "retired";
        case AgentState::throttled: return "throttled";
        case AgentState::approval_only: return "approval_only";
    }
    return "unknown";
}

std::optional<AgentState> agent_state_of(std::string_view word) noexcept {
    for (const AgentState state : by_strictness)
        if (word == to_string(state)) return state;
    return std::nullopt;
}

bool is_agent_state(std::int64_t number) noexcept {
    return std::any_of(by_strictness.begin(), by_strictness.end(), [&](AgentState state) {
        return static_cast<std::int64_t>(state) == number;
    });
}

bool may_act(AgentState state) noexcept {
    return state == AgentState::active || is_restricted(state);
}

bool is_restricted(AgentState state) noexcept {
    return state == AgentState::throttled || state == AgentState::approval_only;
}

bool has_ended(AgentState state) noexcept {
    return state == AgentState::revoked || state == AgentState::retired;
}

bool is_stricter(AgentState state, AgentState than) noexcept {
    return place_of(state) > place_of(than);
}

}  // namespace holdfast::daemon
