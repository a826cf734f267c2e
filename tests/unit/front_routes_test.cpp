#include <array>

#include "daemon/front/admission.h"
#include "daemon/front/release_gate.h"
#include "daemon/front/routes.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::daemon;

namespace {

const std::array<Route, 4> table = {{
    {"GET", "/v1/whoami", Allowed::agent, 0, true, nullptr},
    {"GET", "/v1/openapi.json", Allowed::both, 0, false, nullptr},
    {"GET", "/v1/agents/{name}", Allowed::admin, 0, false, nullptr},
    {"POST", "/v1/agents/{name}/suspend", Allowed::admin, 9, false, nullptr},
}};

}  // namespace

TEST_CASE("routes: a route is found on its own socket only", "[daemon][front]") {
    CHECK(find_route(table, Side::agent, "GET", "/v1/whoami"));
    CHECK_FALSE(find_route(table, Side::admin, "GET", "/v1/whoami"));
    CHECK(find_route(table, Side::agent, "GET", "/v1/openapi.json"));
    CHECK(find_route(table, Side::admin, "GET", "/v1/openapi.json"));
    const auto suspend = find_route(table, Side::agent, "POST", "/v1/agents/bot/suspend");
    REQUIRE_FALSE(suspend);
    CHECK(suspend.error().code() == Code::not_found);
}

TEST_CASE("routes: the name in the path is one agent's name", "[daemon][front]") {
    const auto found = find_route(table, Side::admin, "POST", "/v1/agents/deploy-bot/suspend");
    REQUIRE(found);
    CHECK(found->route == &table[3]);
    CHECK(found->argument == "deploy-bot");
    const auto* other =
        GENERATE("/v1/agents//suspend", "/v1/agents/a/b/suspend", "/v1/agents/a%2Fb/suspend",
                 "/v1/agents/../suspend", "/v1/agents/Bot/suspend", "/v1/agents/bot/suspend/",
                 "/v1/agents/bot/suspend?x=1", "/v1/agents/suspend");
    CAPTURE(other);
    CHECK_FALSE(find_route(table, Side::admin, "POST", other));
}

TEST_CASE("routes: another method is told which there are", "[daemon][front]") {
    const auto found = find_route(table, Side::agent, "DELETE", "/v1/whoami");
    REQUIRE_FALSE(found);
    CHECK(found.error().reason() == "method_not_allowed");
    CHECK(allowed_methods(table, Side::agent, "/v1/whoami") == "GET");
    CHECK(allowed_methods(table, Side::admin, "/v1/whoami").empty());
}

TEST_CASE("admission: a uid has its share, all have theirs, seats come back", "[daemon][front]") {
    Counter counter(3, 2);
    auto first = counter.take(1);
    auto second = counter.take(1);
    REQUIRE(first);
    REQUIRE(second);
    const auto third = counter.take(1);
    REQUIRE_FALSE(third);
    CHECK(third.error().code() == Code::busy);
    const auto other = counter.take(2);
    REQUIRE(other);
    const auto full = counter.take(3);
    REQUIRE_FALSE(full);
    CHECK(full.error().code() == Code::unavailable);
    {
        const auto moved = *std::move(first);
        CHECK(counter.taken() == 3);
    }
    CHECK(counter.taken() == 2);
    CHECK(counter.take(1));
}

TEST_CASE("gate: closes for a stopped instance, and for a stopped host", "[daemon][front]") {
    Containment containment;
    containment.set("bot", AgentState::active);
    containment.enter("one", "bot");
    containment.enter("two", "bot");
    ReleaseGate one(containment, "bot", "one");
    ReleaseGate two(containment, "bot", "two");
    CHECK(one.may_send());
    containment.stop_instance("one");
    CHECK_FALSE(one.may_send());
    CHECK(two.may_send());
    containment.set_host(AgentState::suspended);
    CHECK_FALSE(two.may_send());
}

TEST_CASE("gate: only an answer that is held back counts as a release", "[daemon][front]") {
    Containment containment;
    containment.set("bot", AgentState::active);
    ReleaseGate open(containment, "", "one");
    open.sent();
    CHECK(containment.last_release() == 0);
    ReleaseGate gate(containment, "bot", "one");
    gate.sent();
    CHECK(containment.last_release("bot") > 0);
    CHECK(containment.last_release("bot") <= monotonic_ns());
}

TEST_CASE("gate: closes with the containment of its own agent only", "[daemon][front]") {
    Containment containment;
    containment.set("bot", AgentState::active);
    containment.set("other", AgentState::active);
    ReleaseGate gate(containment, "bot", "one");
    ReleaseGate open(containment, "", "");
    CHECK(gate.may_send());
    containment.set("other", AgentState::revoked);
    CHECK(gate.may_send());
    containment.set("bot", AgentState::suspended);
    const auto refused = gate.may_send();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().reason() == "agent_suspended");
    CHECK_FALSE(gate.may_send());
    CHECK(open.may_send());
    containment.set("bot", AgentState::active);
    CHECK(gate.may_send());
}
