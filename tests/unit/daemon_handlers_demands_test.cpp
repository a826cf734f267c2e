// What is less than a suspension: throttled agents, and those that need approvals.
#include "tests/support/catch.h"
#include "tests/support/handler_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;
using daemon::AgentState;

namespace {

constexpr const char* refund =
    R"({"action":"refund.create","audience":"https://payments.example","params":{"amount":50}})";

struct DemandWorld : HandlerWorld {
    DemandWorld() { declare(bot); }
    const daemon::AgentRow& row() const { return *registry.find(bot); }
    AgentState state() const { return containment.state_of(bot); }
    std::string sign() { return reason_of(as_agent(handlers::sign_action, refund)).substr(0, 8); }
    std::string last(const char* member) const {
        return text_at(encode::Json(ledger.records.back().members), {member});
    }
    Result<daemon::Answer> stop(daemon::Handler verb, const std::string& body = "",
                                const std::string& principal = "login:1000") {
        return as_operator(verb, bot, body, principal);
    }
};

}  // namespace

TEST_CASE("throttle: so many actions, then busy, with credentials all the while",
          "[daemon][contain][sign]") {
    DemandWorld world;
    const auto answer = world.stop(handlers::throttle, R"({"rate":2,"reason":"spends fast"})");
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(text_at(json_of(answer), {"state"}) == "throttled");
    CHECK(
        text_at(json_of(answer), {"stages"}) ==
        R"({"anchor":"not_needed","crl":"not_needed","fuse":"not_needed","ledger":"done","memory":"done",)"
        R"("processes":"not_needed","registry":"done","sessions":"done"})");
    CHECK(world.last("verb") == "throttle");
    CHECK(world.last("rate") == "2");
    CHECK(world.last("reason") == "spends fast");
    CHECK(world.row().rate == 2);
    CHECK(world.sign() == "answered");
    CHECK(world.sign() == "answered");
    const auto signatures = world.keys.count("sign");
    const auto third = world.as_agent(handlers::sign_action, refund);
    REQUIRE_FALSE(third);
    CHECK(third.error().code() == Code::busy);
    CHECK(third.error().reason() == "agent_throttled");
    CHECK(world.keys.count("sign") == signatures);
    CHECK(world.ledger.count("action") == 2);
    CHECK(world.as_agent(handlers::credential, ""));
}

TEST_CASE("throttle: six a minute unless told otherwise", "[daemon][contain]") {
    DemandWorld world;
    REQUIRE(world.stop(handlers::throttle));
    CHECK(world.row().rate == 6);
    CHECK(world.containment.demand_of(DemandWorld::bot).rate == 6);
}

TEST_CASE("throttle: a refusal costs no turn", "[daemon][contain][sign]") {
    DemandWorld world;
    REQUIRE(world.stop(handlers::throttle, R"({"rate":1})"));
    const char* forbidden = R"({"action":"other","audience":"https://payments.example"})";
    CHECK_FALSE(world.as_agent(handlers::sign_action, forbidden));
    CHECK(world.sign() == "answered");
    CHECK_FALSE(world.as_agent(handlers::sign_action, refund));
}

TEST_CASE("throttle: is there after a restart, with its rate", "[daemon][contain]") {
    DemandWorld world;
    REQUIRE(world.stop(handlers::throttle, R"({"rate":1})"));
    world.containment = daemon::Containment();
    REQUIRE(run_async(world.loop, handlers::start(world.services)));
    CHECK(world.state() == AgentState::throttled);
    CHECK(world.containment.demand_of(DemandWorld::bot).rate == 1);
}

TEST_CASE("approval-only: no action without an approval, at no cost, but credentials",
          "[daemon][contain][sign]") {
    DemandWorld world;
    const auto answer = world.stop(handlers::approval_only);
    REQUIRE(answer);
    CHECK(text_at(json_of(answer), {"state"}) == "approval_only");
    CHECK(world.last("verb") == "approval-only");
    const auto asked = world.as_agent(handlers::sign_action, refund);
    REQUIRE(asked);
    CHECK(asked->status == 202);
    CHECK(text_at(json_of(asked), {"needed"}) == "1");
    CHECK(text_at(json_of(asked), {"document"}).find(R"("approvers":["oncall@example.org"])") !=
          std::string::npos);
    CHECK(world.keys.count("sign") == 0);
    CHECK(world.ledger.count("action") == 0);
    CHECK(world.ledger.count("approval") == 1);
    CHECK(world.as_agent(handlers::credential, ""));
    world.containment = daemon::Containment();
    REQUIRE(run_async(world.loop, handlers::start(world.services)));
    CHECK(world.containment.demand_of(DemandWorld::bot).approval);
}

TEST_CASE("demands: no verb loosens what another one demanded", "[daemon][contain]") {
    DemandWorld world;
    REQUIRE(world.stop(handlers::throttle, R"({"rate":5})"));
    CHECK(reason_of(world.stop(handlers::throttle, R"({"rate":6})")) == "already_stricter");
    CHECK(world.stop(handlers::throttle, R"({"rate":5})"));
    CHECK(world.stop(handlers::throttle, R"({"rate":4})"));
    CHECK(world.row().rate == 4);
    REQUIRE(world.stop(handlers::approval_only));
    CHECK(reason_of(world.stop(handlers::throttle, R"({"rate":1})")) == "already_stricter");
    REQUIRE(world.stop(handlers::suspend));
    CHECK(reason_of(world.stop(handlers::approval_only)) == "already_stricter");
    CHECK(world.state() == AgentState::suspended);
    REQUIRE(world.stop(handlers::revoke));
    CHECK(reason_of(world.stop(handlers::approval_only)) == "agent_revoked");
    CHECK(reason_of(world.stop(handlers::throttle)) == "agent_revoked");
    CHECK(world.state() == AgentState::revoked);
}

TEST_CASE("demands: another principal lifts them, down to the last trace", "[daemon][contain]") {
    const auto verb = GENERATE(daemon::Handler{handlers::throttle}, handlers::approval_only);
    DemandWorld world;
    REQUIRE(world.stop(verb, R"({"reason":"odd"})", "login:1000"));
    CHECK(reason_of(world.stop(handlers::reinstate, "", "login:1000")) == "same_principal");
    CHECK(world.stop(handlers::reinstate, R"({"reason":"explained"})", "login:1001"));
    CHECK(world.state() == AgentState::active);
    CHECK(world.row().rate == 0);
    CHECK(world.row().reason == "explained");
    CHECK(world.last("reason") == "explained");
    CHECK(world.sign() == "answered");
}

TEST_CASE("demands: who suspends a throttled agent is who must not lift that",
          "[daemon][contain]") {
    DemandWorld world;
    REQUIRE(world.stop(handlers::throttle, "", "login:1000"));
    REQUIRE(world.stop(handlers::suspend, "", "login:1001"));
    CHECK(reason_of(world.stop(handlers::reinstate, "", "login:1001")) == "same_principal");
}

TEST_CASE("demands: a file that vanishes and comes back lifts none of them",
          "[daemon][contain][apply]") {
    DemandWorld world;
    world.write_agent_file(DemandWorld::bot);
    REQUIRE(world.as_operator(handlers::apply, ""));
    REQUIRE(world.stop(handlers::throttle, R"({"rate":3})", "login:1000"));
    std::filesystem::remove(world.settings.agents_dir + "/deploy-bot.toml");
    REQUIRE(world.as_operator(handlers::apply, "", "", "login:1001"));
    CHECK(world.state() == AgentState::suspended);
    world.write_agent_file(DemandWorld::bot);
    REQUIRE(world.as_operator(handlers::apply, "", "", "login:1001"));
    CHECK(world.state() == AgentState::throttled);
    CHECK(world.containment.demand_of(DemandWorld::bot).rate == 3);
    CHECK(reason_of(world.stop(handlers::reinstate, "", "login:1000")) == "same_principal");
}

TEST_CASE("containment: a reason is recorded and shown, and a second one without words keeps it",
          "[daemon][contain]") {
    DemandWorld world;
    REQUIRE(world.stop(handlers::suspend, R"({"reason":"Grüße, drill"})"));
    CHECK(world.last("reason") == "Grüße, drill");
    CHECK(world.row().reason == "Grüße, drill");
    REQUIRE(world.stop(handlers::kill));
    CHECK(world.row().reason == "Grüße, drill");
    const auto shown = world.as_operator(handlers::show_agent, DemandWorld::bot);
    CHECK(text_at(json_of(shown), {"reason"}) == "Grüße, drill");
    CHECK(text_at(json_of(shown), {"rate"}) == "0");
}

TEST_CASE("containment: requests that say what nobody looks at are refused, and stop nothing",
          "[daemon][contain]") {
    const auto [verb, body] = GENERATE(table<daemon::Handler, std::string>({
        {handlers::suspend, R"({"rate":6})"},
        {handlers::throttle, R"({"rate":0})"},
        {handlers::throttle, R"({"rate":601})"},
        {handlers::throttle, R"({"rate":"6"})"},
        {handlers::suspend, R"({"why":"x"})"},
        {handlers::suspend, R"({"reason":"a\nb"})"},
        {handlers::suspend, R"({"instance":""})"},
        {handlers::revoke, R"({"instance":"aa"})"},
        {handlers::reinstate, R"({"rate":6})"},
        {handlers::reinstate, R"({"instance":"aa"})"},
    }));
    INFO(body);
    DemandWorld world;
    CHECK(reason_of(world.stop(verb, body)) == "malformed_request");
    CHECK(world.state() == AgentState::active);
    CHECK(world.ledger.records.empty());
}

TEST_CASE("containment: the reply says when it came into force, and when the last answer left",
          "[daemon][contain]") {
    DemandWorld world;
    CHECK(text_at(json_of(world.stop(handlers::throttle)), {"last_release_ns"}) == "0");
    world.containment.released(DemandWorld::bot);
    const auto before = daemon::monotonic_ns();
    const auto answer = json_of(world.stop(handlers::suspend));
    const auto in_force = std::stoll(text_at(answer, {"in_force_ns"}));
    const auto released = std::stoll(text_at(answer, {"last_release_ns"}));
    CHECK(released > 0);
    CHECK(released <= before);
    CHECK(in_force >= before);
    CHECK(in_force <= daemon::monotonic_ns());
}
