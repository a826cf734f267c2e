// AgentState: how far an agent is stopped, and what that means. Nobody compares the numbers.
#ifndef HOLDFAST_DAEMON_STATE_AGENT_STATE_H
#define HOLDFAST_DAEMON_STATE_AGENT_STATE_H

#include <cstdint>
#include <optional>
#include <string_view>

namespace holdfast::daemon {

// The registry stores these numbers: they say in which order the states were invented.
enum class AgentState : std::uint8_t {
    active = 1,
    suspended = 2,      // refused until it is reinstated
    revoked = 3,        // its key is dead
    retired = 4,        // its key is dead and deleted
    throttled = 5,      // so many actions a minute
    approval_only = 6,  // each action needs an approval
};

// "active", "approval_only" …
std::string_view to_string(AgentState state) noexcept;
// Nothing for another word.
std::optional<AgentState> agent_state_of(std::string_view word) noexcept;
// Is it one of the six? For numbers that come from a disk.
bool is_agent_state(std::int64_t number) noexcept;

// active, throttled or approval_only: it gets credentials and evidence, and may ask for actions.
bool may_act(AgentState state) noexcept;
// It may act, and something is demanded of it: throttled or approval_only.
bool is_restricted(AgentState state) noexcept;
// revoked or retired: nothing brings this key back.
bool has_ended(AgentState state) noexcept;
// active < throttled < approval_only < suspended < revoked < retired.
bool is_stricter(AgentState state, AgentState than) noexcept;

// Who stopped an agent whose file vanished: `apply` lifts it when the file is back.
inline constexpr const char* by_vanished_file = "file:vanished";

// Actions a minute that a throttled agent may be left with.
inline constexpr std::int64_t min_rate = 1;
inline constexpr std::int64_t max_rate = 600;
inline constexpr std::int64_t default_rate = 6;

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_AGENT_STATE_H
