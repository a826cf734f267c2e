// A scope is stopped in memory at once, and written a few agents at a time: what comes meanwhile
// neither loosens it nor is undone by it.
#include "daemon/handlers/triggers.h"
#include "tests/support/catch.h"
#include "tests/support/handler_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;
using daemon::AgentState;

namespace {

// The last of more agents than are made durable side by side, while the disk has none of them yet.
struct CrowdWorld : HandlerWorld {
    static constexpr const char* last = "bot-l";
    PausePoint pause{loop};
    Pending<daemon::Answer> stopping;

    explicit CrowdWorld(policy::Reaction reaction) {
        for (char letter = 'a'; letter <= 'l'; ++letter) {
            const std::string name = std::string("bot-") + letter;
            declare(name);
            write_agent_file(name);
        }
        agents[last].triggers.canary = policy::Canary{std::move(reaction), {"vault.export"}, false};
    }
    void begin_stop(const std::string& verb, const std::string& more = "") {
        ledger.pause = &pause;
        pause.hold_every_call();
        stopping = begin_as_operator(
            handlers::contain, "",
            R"({"sponsor":"finance@example.org","verb":")" + verb + "\"" + more + "}");
        run_ready();
        // Whatever comes from here on is quicker than the disk was.
        ledger.pause = nullptr;
    }
    int end_stop() {
        pause.let_go();
        const auto answer = finish(stopping);
        run_ready();
        return answer ? answer->status : 0;
    }
    bool fires() {
        const bool fired =
            handlers::fire(services, last, policy::Trigger::canary, "vault.export was asked for");
        run_ready();
        return fired;
    }
    AgentState in_memory() const { return containment.state_of(last); }
    const daemon::AgentRow& row() const { return *registry.find(last); }
};

}  // namespace

TEST_CASE("scope and trigger: a milder trigger loosens nothing that is not written yet",
          "[daemon][triggers][contain]") {
    CrowdWorld world({"throttle", 6});
    world.begin_stop("suspend");
    REQUIRE(world.in_memory() == AgentState::suspended);
    REQUIRE(world.row().state == AgentState::active);
    CHECK_FALSE(handlers::would_fire(world.services, CrowdWorld::last, policy::Trigger::canary));
    CHECK_FALSE(world.fires());
    CHECK(world.in_memory() == AgentState::suspended);
    CHECK(world.end_stop() == 200);
    CHECK(world.in_memory() == AgentState::suspended);
    CHECK(world.row().state == AgentState::suspended);
    CHECK(world.row().changed_by == "login:1000");
    CHECK(world.ledger.count("trigger") == 0);
}

TEST_CASE("scope and trigger: nor does it give an agent more turns a minute",
          "[daemon][triggers][contain]") {
    CrowdWorld world({"throttle", 60});
    world.begin_stop("throttle", R"(,"rate":6)");
    CHECK_FALSE(world.fires());
    CHECK(world.containment.demand_of(CrowdWorld::last).rate == 6);
    world.agents[CrowdWorld::last].triggers.canary->reaction.rate = 5;
    CHECK(world.fires());
    CHECK(world.end_stop() == 200);
    CHECK(world.containment.demand_of(CrowdWorld::last).rate == 5);
    CHECK(world.row().rate == 5);
}

TEST_CASE("scope and trigger: a trigger's revoke is not undone when the scope's turn comes",
          "[daemon][triggers][contain]") {
    CrowdWorld world({"revoke", {}});
    world.begin_stop("suspend");
    PausePoint chip(world.loop);
    world.keys.pause = &chip;
    chip.hold_call(0);
    CHECK(world.fires());
    CHECK(chip.is_holding());
    CHECK(world.in_memory() == AgentState::revoked);
    CHECK(world.end_stop() == 200);
    CHECK(world.in_memory() == AgentState::revoked);
    CHECK(world.row().state == AgentState::revoked);
    CHECK(world.row().changed_by == "trigger:canary");
    // A restart here would blow its fuse.
    CHECK(world.row().pending == "fuse");
    chip.let_go();
    world.run_ready();
    CHECK(world.row().pending.empty());
    CHECK(world.keys.blown.size() == 1);
}

TEST_CASE("scope: nobody lifts it before it is written", "[daemon][contain]") {
    CrowdWorld world(policy::Reaction{"suspend", {}});
    REQUIRE(world.as_operator(handlers::throttle, CrowdWorld::last));
    world.begin_stop("suspend");
    CHECK(reason_of(world.as_operator(handlers::reinstate, CrowdWorld::last, "", "login:7")) ==
          "unsettled");
    world.write_agent_file(CrowdWorld::last, "production");
    CHECK(world.as_operator(handlers::apply, ""));
    CHECK(world.in_memory() == AgentState::suspended);
    CHECK(world.end_stop() == 200);
    CHECK(world.row().state == AgentState::suspended);
    CHECK(world.row().pending.empty());
    CHECK(reason_of(world.as_operator(handlers::reinstate, CrowdWorld::last, "", "login:7"))
              .starts_with("answered"));
    CHECK(world.in_memory() == AgentState::active);
}
