// Cases: a table of requests and what policies are expected to say of them.
#ifndef HOLDFAST_POLICY_CASES_H
#define HOLDFAST_POLICY_CASES_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/action.h"
#include "holdfast/result.h"
#include "policy/agent_file.h"
#include "policy/policies.h"
#include "policy/request.h"

namespace holdfast::policy {

inline constexpr std::size_t max_cases_file = 4UL * 1024 * 1024;  // bytes
inline constexpr std::size_t max_cases = 10'000;
inline constexpr std::size_t max_case_name = 128;
inline constexpr std::size_t max_case_agents = 1024;
inline constexpr std::size_t max_case_rules = 64;
// Where a case names none: a host and a moment that are the same tomorrow.
inline constexpr std::string_view default_case_domain = "host.example";
inline constexpr std::int64_t default_case_time = 1767614400;  // Monday, 2026-01-05T12:00:00Z

struct Expected {
    bool permit = false;
    std::optional<std::vector<std::string>> rules;  // "SET:ID", in any order; not asked: nothing
    std::optional<unsigned> approvals;              // of a permit
};

struct Case {
    std::string name;  // unique in its file
    std::uint32_t line = 0;
    AgentFile agent;  // what policies can speak of; no key, no limits
    Situation situation;
    Action action;
    Expected expected;
};

// docs/policies.md has the keys. invalid, "FILE:LINE: …": an unknown key, one that is missing, a
// name that stands twice, an action that no agent could ask for.
Result<std::vector<Case>> parse_cases(std::string_view file_name, std::string_view text);

// In what the decision differs from what was expected, a line each; none: in nothing.
std::vector<std::string> differences(const Expected& expected, const Result<Decision>& decided);

// "refunds:small, refunds:big", or "default deny" where none decided.
std::string rules_in_words(const std::vector<std::string>& rules);

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_CASES_H
