// What is sure of a request of which only agent, action and audience are known.
#include "policy/known_scopes.h"
#include "tests/support/policy_records.h"

using namespace holdfast;
using namespace holdfast::policy;
using tests::policies_of;

namespace {

AgentFile bot() {
    AgentFile agent;
    agent.name = "bot";
    agent.environment = "production";
    agent.accountability.sponsor = "finance";
    agent.accountability.policy_author = "carol";
    return agent;
}

Action refund() {
    Action action;
    action.action = "refund.create";
    action.audience = "https://pay";
    return action;
}

Known known(const Policies& policies) {
    const auto found = known_of(policies, bot(), refund());
    REQUIRE(found);
    return *found;
}

Known known(const std::string& rules) {
    return known(policies_of(rules));
}

// A permit with that scope.
Known of_scope(const std::string& scope) {
    return known("@id(\"a\") permit(" + scope + ");");
}

}  // namespace

TEST_CASE("known scopes: without a permit that may apply it is denied", "[policy][replay]") {
    CHECK(known("") == Known::denied);
    CHECK(of_scope("principal == Agent::\"other\", action, resource") == Known::denied);
    CHECK(of_scope("principal in Sponsor::\"legal\", action, resource") == Known::denied);
    CHECK(of_scope("principal, action == Action::\"refund\", resource") == Known::denied);
    CHECK(of_scope("principal, action in [Action::\"a\", Action::\"b\"], resource") ==
          Known::denied);
    CHECK(of_scope("principal, action, resource == Audience::\"https://other\"") == Known::denied);
}

TEST_CASE("known scopes: a permit without conditions applies by its scope", "[policy][replay]") {
    CHECK(of_scope("principal, action, resource") == Known::permitted);
    CHECK(of_scope("principal == Agent::\"bot\", action == Action::\"refund.create\", resource == "
                   "Audience::\"https://pay\"") == Known::permitted);
    CHECK(of_scope("principal in Sponsor::\"finance\", action in Action::\"refund\", resource") ==
          Known::permitted);
    CHECK(of_scope("principal is Agent in Environment::\"production\", action, resource is "
                   "Audience") == Known::permitted);
    CHECK(of_scope("principal, action in [Action::\"a\", Action::\"refund\"], resource") ==
          Known::permitted);
}

TEST_CASE("known scopes: what only the request would tell stays open", "[policy][replay]") {
    CHECK(of_scope("principal in Assurance::\"launched\", action, resource") == Known::open);
    CHECK(of_scope("principal in Custody::\"tpm\", action, resource") == Known::open);
    CHECK(of_scope("principal is Agent in Manifest::\"" + std::string(64, 'a') +
                   "\", action, resource") == Known::open);
    for (const char* condition : {"when { true }", "unless { false }"})
        CHECK(known(std::string("@id(\"a\") permit(principal, action, resource) ") + condition +
                    ";") == Known::open);
}

TEST_CASE("known scopes: a forbid that may apply leaves nothing permitted", "[policy][replay]") {
    const std::string all = "@id(\"all\") permit(principal, action, resource);\n";
    CHECK(known(all + "@id(\"no\") forbid(principal, action, resource) when { context.time.hour < "
                      "6 };") == Known::open);
    CHECK(known(all + "@id(\"no\") forbid(principal in Custody::\"tpm\", action, resource);") ==
          Known::open);
    CHECK(known(all + "@id(\"no\") forbid(principal == Agent::\"bot\", action, resource);") ==
          Known::denied);
    CHECK(known(all + "@id(\"no\") forbid(principal == Agent::\"x\", action, resource);") ==
          Known::permitted);
}

TEST_CASE("known scopes: only sets that can permit it do, and observed ones nothing",
          "[policy][replay]") {
    const std::string all = "@id(\"all\") permit(principal, action, resource);\n";
    CHECK(known(policies_of(all, "observe")) == Known::denied);
    auto set = parse_policy_set("refunds.cedar", "//! version = 1\n" + all);
    REQUIRE(set);
    const auto by = [&set](const std::string& author, bool may_permit) {
        set->author = author;
        set->may_permit = may_permit;
        PolicySets sets;
        sets.emplace("refunds", *set);
        const auto policies = Policies::of(std::move(sets));
        REQUIRE(policies);
        return known(*policies);
    };
    CHECK(by("carol", true) == Known::permitted);
    CHECK(by("dave", true) == Known::denied);
    CHECK(by("", false) == Known::denied);
}

TEST_CASE("known scopes: what they are sure of is what every request gets", "[policy][replay]") {
    // Each part of a scope against each other, held to the decision itself, for requests that
    // differ in all that is not known.
    std::vector<Situation> situations(2);
    situations[1].custody = Custody::tpm;
    situations[1].assurance = Assurance::enforced;
    situations[1].manifest.emplace();
    std::size_t sure = 0;
    for (const char* principal :
         {"principal", "principal == Agent::\"bot\"", "principal in Custody::\"tpm\"",
          "principal in Sponsor::\"finance\"", "principal == Agent::\"x\""})
        for (const char* action :
             {"action", "action in Action::\"refund\"", "action == Action::\"a\""})
            for (const char* effect : {"permit", "forbid"}) {
                const Policies policies = policies_of(
                    "@id(\"all\") permit(principal is Agent, action in Action::\"refund\", "
                    "resource);\n@id(\"one\") " +
                    std::string(effect) + "(" + principal + ", " + action + ", resource);");
                const Known said = known(policies);
                if (said != Known::open) ++sure;
                for (const Situation& situation : situations) {
                    const auto decided = policies.decide(bot(), situation, refund());
                    REQUIRE(decided);
                    CAPTURE(principal, action, effect);
                    if (said == Known::permitted) CHECK(decided->permitted);
                    if (said == Known::denied) CHECK_FALSE(decided->permitted);
                }
            }
    CHECK(sure > 20);
}
