#include "policy/evaluate.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::policy;

namespace {

AgentFile bot() {
    AgentFile agent;
    agent.name = "bot";
    agent.actions = {"refund.cancel", "refund.create"};
    agent.audiences = {"https://payments.example"};
    return agent;
}

Action action(const char* name, const char* audience) {
    Action action;
    action.action = name;
    action.audience = audience;
    return action;
}

}  // namespace

TEST_CASE("policy: what is listed is permitted, and the rule is named", "[policy]") {
    const auto decision = evaluate(bot(), action("refund.create", "https://payments.example"));
    REQUIRE(decision);
    CHECK(decision->rule == "agent_file:actions[1]");
}

TEST_CASE("policy: what is not listed is denied", "[policy]") {
    for (const char* name :
         {"refund", "refund.create.all", "refund.creat", "Refund.create", "*", ""}) {
        const auto decision = evaluate(bot(), action(name, "https://payments.example"));
        REQUIRE_FALSE(decision);
        CHECK(decision.error().code() == Code::denied);
        CHECK(decision.error().reason() == "action_not_allowed");
    }
    AgentFile none = bot();
    none.actions.clear();
    CHECK_FALSE(evaluate(none, action("refund.create", "https://payments.example")));
}

TEST_CASE("policy: another audience is denied, unless none is listed", "[policy]") {
    for (const char* audience : {"https://payments.example/", "https://payments.exampl", "", "*"}) {
        const auto decision = evaluate(bot(), action("refund.create", audience));
        REQUIRE_FALSE(decision);
        CHECK(decision.error().code() == Code::denied);
        CHECK(decision.error().reason() == "audience_not_allowed");
    }
    AgentFile any = bot();
    any.audiences.clear();
    CHECK(evaluate(any, action("refund.create", "https://elsewhere.example")));
}
