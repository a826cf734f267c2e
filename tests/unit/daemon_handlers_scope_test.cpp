// Stopping more than one agent, or less: sponsors, environments, instances.
#include <algorithm>

#include "tests/support/running_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;
using daemon::AgentState;

namespace {

struct ScopeWorld : HandlerWorld {
    ScopeWorld() {
        for (const char* name : {"bot-a", "bot-b", "bot-c"})
            declare(name);
        agents["bot-a"].environment = agents["bot-b"].environment = "production";
        agents["bot-c"].environment = "test";
        agents["bot-a"].accountability.sponsor = "sales@example.org";
    }
    Result<daemon::Answer> contain(const std::string& body,
                                   const std::string& principal = "login:1000") {
        return as_operator(handlers::contain, "", body, principal);
    }
    std::string states() const {
        std::string text;
        for (const char* name : {"bot-a", "bot-b", "bot-c"})
            text += std::string(to_string(containment.state_of(name))) + " ";
        return text;
    }
};

// "bot-a suspended, bot-b revoked (agent_revoked)"
std::string agents_of(const Result<daemon::Answer>& answer) {
    std::string text;
    const auto json = json_of(answer);
    const encode::Json* agents = json.find("agents");
    if (agents == nullptr || agents->array() == nullptr) return reason_of(answer);
    for (const encode::Json& agent : *agents->array()) {
        text +=
            (text.empty() ? "" : ", ") + text_at(agent, {"name"}) + " " + text_at(agent, {"state"});
        if (agent.find("refused") != nullptr) text += " (" + text_at(agent, {"refused"}) + ")";
    }
    return text;
}

}  // namespace

TEST_CASE("scope: an environment's agents are stopped, and no others", "[daemon][contain]") {
    ScopeWorld world;
    const auto answer =
        world.contain(R"({"verb":"suspend","environment":"production","reason":"drill"})");
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(agents_of(answer) == "bot-a suspended, bot-b suspended");
    CHECK(world.states() == "suspended suspended active ");
    CHECK(world.ledger.count("containment") == 2);
    const auto& members = world.ledger.records.back().members;
    CHECK(*members.at("scope").string() == "environment production");
    CHECK(*members.at("reason").string() == "drill");
    CHECK(text_at(json_of(answer), {"environment"}) == "production");
    const auto lifted =
        world.contain(R"({"verb":"reinstate","environment":"production"})", "login:1001");
    CHECK(agents_of(lifted) == "bot-a active, bot-b active");
    CHECK(world.states() == "active active active ");
}

TEST_CASE("scope: all are refused before anything of the first one is awaited",
          "[daemon][contain]") {
    ScopeWorld world;
    std::string when_recorded;
    world.ledger.when_queued = [&] {
        if (when_recorded.empty()) when_recorded = world.states();
    };
    REQUIRE(world.contain(R"({"verb":"revoke","environment":"production"})"));
    CHECK(when_recorded == "revoked revoked active ");
    CHECK(world.keys.count("blow_fuse") == 2);
}

TEST_CASE("scope: more than can be made durable side by side are all made durable",
          "[daemon][contain]") {
    HandlerWorld world;
    for (int i = 0; i < 20; ++i)
        world.declare("bot-" + std::to_string(i));
    const auto answer = world.as_operator(handlers::contain, "",
                                          R"({"verb":"revoke","sponsor":"finance@example.org"})");
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(world.keys.count("blow_fuse") == 20);
    for (const auto& [name, row] : world.registry.rows()) {
        CHECK(row.state == AgentState::revoked);
        CHECK(row.pending.empty());
    }
}

TEST_CASE("scope: a sponsor's agents, also one whose file is not in force", "[daemon][contain]") {
    ScopeWorld world;
    auto row = *world.registry.find("bot-c");
    row.sponsor = "sales@example.org";
    REQUIRE(world.registry.put(row));
    // Its file in force says another sponsor: that counts.
    CHECK(agents_of(world.contain(R"({"verb":"throttle","sponsor":"sales@example.org"})")) ==
          "bot-a throttled");
    world.agents.erase("bot-c");
    CHECK(agents_of(world.contain(R"({"verb":"suspend","sponsor":"sales@example.org"})")) ==
          "bot-a suspended, bot-c suspended");
}

TEST_CASE("scope: who is stopped more strictly stays so, and is named", "[daemon][contain]") {
    ScopeWorld world;
    REQUIRE(world.as_operator(handlers::revoke, "bot-a"));
    const auto answer = world.contain(R"({"verb":"suspend","environment":"production"})");
    REQUIRE(answer);
    CHECK(agents_of(answer) == "bot-a revoked (agent_revoked), bot-b suspended");
    CHECK(world.states() == "revoked suspended active ");
}

TEST_CASE("scope: 200 only if every one of them is durable", "[daemon][contain]") {
    ScopeWorld world;
    world.ledger.disk_full = true;
    const auto answer = world.contain(R"({"verb":"suspend","environment":"production"})");
    REQUIRE(answer);
    CHECK(answer->status == 503);
    CHECK(text_at(json_of(answer), {"code"}) == "not_durable");
    CHECK(agents_of(answer) == "bot-a suspended, bot-b suspended");
    CHECK(world.states() == "suspended suspended active ");
}

TEST_CASE("scope: one that may not be reinstated keeps the answer from being 200",
          "[daemon][contain]") {
    ScopeWorld world;
    REQUIRE(world.as_operator(handlers::suspend, "bot-a", "", "login:1"));
    REQUIRE(world.as_operator(handlers::suspend, "bot-b", "", "login:2"));
    const auto answer =
        world.contain(R"({"verb":"reinstate","environment":"production"})", "login:1");
    REQUIRE(answer);
    CHECK(answer->status == 403);
    CHECK(text_at(json_of(answer), {"code"}) == "same_principal");
    CHECK(agents_of(answer) == "bot-a suspended (same_principal), bot-b active");
}

TEST_CASE("scope: nobody in it is not found, and a request without one scope is malformed",
          "[daemon][contain]") {
    ScopeWorld world;
    CHECK(reason_of(world.contain(R"({"verb":"suspend","environment":"nowhere"})")) ==
          "empty_scope");
    const auto body = GENERATE(
        as<std::string>(), "", "{}", R"({"verb":"suspend"})", R"({"verb":"suspend","host":false})",
        R"({"verb":"suspend","host":true,"sponsor":"s"})",
        R"({"verb":"suspend","environment":"e","sponsor":"s"})",
        R"({"verb":"suspend","environment":""})", R"({"verb":"stop","environment":"test"})",
        R"({"verb":"kill","environment":"test","hardware":true,"confirm":"x"})",
        R"({"verb":"kill","host":true,"hardware":true})",
        R"({"verb":"kill","host":true,"confirm":"host.test"})",
        R"({"verb":"suspend","environment":"test","rate":6})",
        R"({"verb":"reinstate","environment":"test","rate":6})");
    INFO(body);
    CHECK(reason_of(world.contain(body)) == "malformed_request");
    CHECK(world.states() == "active active active ");
}

TEST_CASE("instance: a launched one's session ends, and only kill ends its processes",
          "[daemon][contain][launch]") {
    RunningWorld world;
    world.run("aa");
    world.run("bb");
    const auto suspended =
        world.as_operator(handlers::suspend, RunningWorld::bot, R"({"instance":"aa"})");
    REQUIRE(suspended);
    CHECK(text_at(json_of(suspended), {"instance"}) == "aa");
    CHECK(text_at(json_of(suspended), {"state"}) == "active");
    CHECK(world.is_over("aa"));
    CHECK_FALSE(world.is_over("bb"));
    CHECK(world.launcher.calls.empty());
    CHECK(world.last("instance") == "aa");
    CHECK(world.last("state") == "active");
    REQUIRE(world.as_operator(handlers::kill, RunningWorld::bot, R"({"instance":"bb"})"));
    CHECK(world.launcher.calls == std::vector<std::string>{"end 2"});
    CHECK(world.is_over("bb"));
    CHECK(world.containment.allows(RunningWorld::bot));
    CHECK(world.registry.find(RunningWorld::bot)->state == AgentState::active);
}

TEST_CASE("instance: a stopped one that outlives the front stays stopped, until it has ended",
          "[daemon][contain][launch]") {
    RunningWorld world;
    world.run("aa");
    REQUIRE(world.as_operator(handlers::suspend, RunningWorld::bot, R"({"instance":"aa"})"));
    CHECK(world.registry.note("stopped_instances") == "aa");
    world.launched.remove("aa");  // as a front that begins knows of nobody
    REQUIRE(world.take_over());
    CHECK(world.is_over("aa"));
    CHECK(world.launcher.calls == std::vector<std::string>{"running", "describe aa"});
    REQUIRE(world.hear(daemon::LaunchNotice::Kind::ended, "aa"));
    CHECK(world.registry.note("stopped_instances") == "");
}

TEST_CASE("instance: a connected one is refused, also what is already signed for it",
          "[daemon][contain][sign]") {
    HandlerWorld world;
    world.declare(HandlerWorld::bot);
    world.containment.enter("instance-1", HandlerWorld::bot);
    world.keys.hold();
    const auto signing =
        world.begin_as_agent(handlers::sign_action,
                             R"({"action":"refund.create","audience":"https://payments.example"})");
    world.run_ready();
    REQUIRE(world.keys.count("sign") == 1);
    const auto answer =
        world.as_operator(handlers::suspend, HandlerWorld::bot, R"({"instance":"instance-1"})");
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(text_at(json_of(answer), {"stages", "registry"}) == "not_needed");
    world.keys.let_go();
    CHECK(reason_of(world.finish(signing)) == "instance_stopped");
    CHECK(world.ledger.count("withheld") == 1);
    CHECK(reason_of(world.as_agent(handlers::credential, "")) == "instance_stopped");
    world.containment.leave("instance-1");
    CHECK(world.as_agent(handlers::credential, ""));
}

TEST_CASE("instance: only one that is there, and kill only what was launched",
          "[daemon][contain]") {
    ScopeWorld world;
    world.containment.enter("one", "bot-a");
    CHECK(reason_of(world.as_operator(handlers::suspend, "bot-a", R"({"instance":"two"})")) ==
          "unknown_instance");
    CHECK(reason_of(world.as_operator(handlers::suspend, "bot-b", R"({"instance":"one"})")) ==
          "unknown_instance");
    CHECK(reason_of(world.as_operator(handlers::kill, "bot-a", R"({"instance":"one"})")) ==
          "not_launched");
    CHECK(world.containment.allows("bot-a", "one"));
    CHECK(world.ledger.records.empty());
}
