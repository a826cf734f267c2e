// Records as the daemon writes them of agents, actions and refusals, and policies to hold them to.
#ifndef HOLDFAST_TESTS_SUPPORT_POLICY_RECORDS_H
#define HOLDFAST_TESTS_SUPPORT_POLICY_RECORDS_H

#include <string>
#include <utility>
#include <vector>

#include "core/encode/statement.h"
#include "policy/policies.h"
#include "tests/support/catch.h"

namespace holdfast::tests {

// One enforced set that anybody wrote, "refunds".
inline policy::Policies policies_of(const std::string& rules, const std::string& mode = "enforce") {
    auto set = policy::parse_policy_set("refunds.cedar",
                                        "//! version = 7\n//! mode = " + mode + "\n" + rules);
    if (!set) FAIL(set.error().text());
    set->may_permit = true;
    policy::PolicySets sets;
    sets.emplace("refunds", *std::move(set));
    auto all = policy::Policies::of(std::move(sets));
    if (!all) FAIL(all.error().text());
    return *std::move(all);
}

inline encode::Json::Object agent_record(const std::string& name = "bot") {
    return {{"agent", name},
            {"can_stop", encode::Json::Array{"oncall@example.org"}},
            {"change", "created"},
            {"environment", "production"},
            {"owner", "owner@example.org"},
            {"policy_author", "carol@example.org"},
            {"sponsor", "sponsor@example.org"}};
}

inline Statement statement_of(const std::string& params = R"({"amount":50})") {
    Statement statement;
    statement.action.action = "refund.create";
    statement.action.audience = "https://pay.example";
    statement.action.params = params;
    statement.agent = "spiffe://host.test/agent/bot";
    statement.instance = "instance-1";
    statement.sponsor = "sponsor@example.org";
    statement.custody = Custody::tpm;
    statement.time = 1767614400;  // Monday, 2026-01-05T12:00:00Z
    statement.decision = "permit";
    statement.rule = "refunds:small";
    return statement;
}

inline encode::Json::Object policy_member(const std::vector<std::string>& rules) {
    return {{"host", encode::Json::Object{{"custody", "tpm"}, {"register", "ok"}, {"tpm", true}}},
            {"rules", encode::Json::Array(rules.begin(), rules.end())},
            {"sets", encode::Json::Array{encode::Json::Object{
                         {"author", "carol@example.org"}, {"set", "refunds"}, {"version", 7}}}}};
}

inline encode::Json::Object action_record(const Statement& statement = statement_of(),
                                          const std::vector<std::string>& rules = {
                                              "refunds:small"}) {
    return {{"credential_serial", "01"},
            {"policy", policy_member(rules)},
            {"statement", encode::to_json(statement)}};
}

inline encode::Json::Object refusal_record(const std::string& reason = "action_not_allowed",
                                           const std::string& action = "refund.create") {
    return {{"agent", "bot"},
            {"asked", encode::Json::Object{{"action", action},
                                           {"audience", "https://pay.example"},
                                           {"rule", "default deny"}}},
            {"operation", "action"},
            {"reason", reason}};
}

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_POLICY_RECORDS_H
