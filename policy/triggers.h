// Triggers: what an agent file says shall stop its agent by itself. Each is off unless declared.
#ifndef HOLDFAST_POLICY_TRIGGERS_H
#define HOLDFAST_POLICY_TRIGGERS_H

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/encode/json.h"

namespace holdfast::policy {

inline constexpr std::int64_t max_burst = 10'000;         // count
inline constexpr std::int64_t max_burst_window = 86'400;  // within_s
inline constexpr std::int64_t max_learned = 1'000;        // learn
inline constexpr std::int64_t max_clock_step = 604'800;   // more_than_s
inline constexpr std::int64_t max_heartbeat = 2'678'400;  // every_s: 31 days
inline constexpr std::size_t max_canary_actions = 64;     // actions
inline constexpr std::int64_t min_reaction_rate = 1;      // actions a minute
inline constexpr std::int64_t max_reaction_rate = 600;

enum class Trigger : std::uint8_t {
    canary,
    clock_back,
    denial_burst,
    heartbeat,
    limit_exceeded,
    measurement_drift,
    novel_audience,
    security_event,
};
inline constexpr std::array all_triggers = {
    Trigger::canary,         Trigger::clock_back,     Trigger::denial_burst,
    Trigger::heartbeat,      Trigger::limit_exceeded, Trigger::measurement_drift,
    Trigger::novel_audience, Trigger::security_event,
};
// "denial_burst": as in the agent file, in records and after "trigger:".
std::string_view to_string(Trigger trigger) noexcept;

// The operators' verb that it uses.
struct Reaction {
    std::string then;                  // one of reaction_words
    std::optional<std::int64_t> rate;  // throttle, and no other: actions a minute
    bool operator==(const Reaction&) const = default;
};
inline constexpr std::array<std::string_view, 5> reaction_words = {"throttle", "approval-only",
                                                                   "suspend", "kill", "revoke"};

struct Burst {
    Reaction reaction;
    std::int64_t count = 0;
    std::int64_t within = 0;  // seconds
    bool operator==(const Burst&) const = default;
};
struct Canary {
    Reaction reaction;
    std::vector<std::string> actions;  // asking for one of these
    bool key = false;                  // or any use of the agent's key at all
    bool operator==(const Canary&) const = default;
};
// Reaction and one number: what it means is said in TriggerRules.
struct Threshold {
    Reaction reaction;
    std::int64_t number = 0;
    bool operator==(const Threshold&) const = default;
};

// [triggers.NAME] tables.
struct TriggerRules {
    std::optional<Canary> canary;
    std::optional<Threshold> clock_back;        // more_than_s: seconds that it went back
    std::optional<Burst> denial_burst;          // refusals by policy
    std::optional<Threshold> heartbeat;         // every_s: seconds between two of an operator
    std::optional<Burst> limit_exceeded;        // refusals by a limit
    std::optional<Reaction> measurement_drift;  // other code than was measured
    std::optional<Threshold> novel_audience;    // learn: so many different audiences are free
    std::optional<Reaction> security_event;     // a signed event about it, or about its sponsor
    bool operator==(const TriggerRules&) const = default;
};

// Null: not declared.
const Reaction* reaction_to(const TriggerRules& rules, Trigger trigger) noexcept;

// For operators: {"denial_burst": {"count": 20, "then": "suspend", "within_s": 60}, …}, members as
// the agent file names them.
encode::Json to_json(const TriggerRules& rules);

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_TRIGGERS_H
