// Triggers that time sets off: the clock, heartbeats, a host that sleeps, and a restart in between.
#include "tests/support/catch.h"
#include "tests/support/time_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;

TEST_CASE("clock back: while signing, every agent that minds is stopped", "[daemon][triggers]") {
    TimeWorld world;
    world.declare("other-bot");
    world.declare("patient-bot");
    world.rules().clock_back = policy::Threshold{suspends, 30};
    world.agents["other-bot"].triggers.clock_back = policy::Threshold{{"revoke", {}}, 30};
    world.agents["patient-bot"].triggers.clock_back = policy::Threshold{suspends, 31};
    CHECK(world.sign() == "signed");
    world.time -= 30;
    CHECK(world.sign() == "signed");
    world.time -= 1;
    CHECK(world.sign() == "agent_suspended");
    CHECK(world.by() == "trigger:clock_back");
    CHECK(world.why() == "the clock went back by 31 s, to " + std::to_string(world.time));
    CHECK(to_string(world.containment.state_of("other-bot")) == "revoked");
    CHECK(to_string(world.containment.state_of("patient-bot")) == "active");
    // The operator saw it: what the clock says now is where it goes on from.
    CHECK(world.reinstate() == "active");
    CHECK(world.sign() == "signed");
}

TEST_CASE("clock back: at start it is compared with the newest record", "[daemon][triggers]") {
    TimeWorld world;
    world.rules().clock_back = policy::Threshold{suspends, 30};
    CHECK(world.sign() == "signed");
    world.start_again(world.time + 30);
    CHECK(world.state() == "active");
    world.start_again(world.time + 31);
    CHECK(world.state() == "suspended");
}

TEST_CASE("clock back: time that nobody asked in has passed all the same", "[daemon][triggers]") {
    TimeWorld world;
    world.rules().clock_back = policy::Threshold{suspends, 30};
    CHECK(world.sign() == "signed");
    world.steady += 3600;
    world.time += 3560;
    CHECK(reason_of(world.as_agent(handlers::credential, "")) == "agent_suspended");
    CHECK(world.by() == "trigger:clock_back");
}

TEST_CASE("clock back: who is stopped, or not in force, hears of it later", "[daemon][triggers]") {
    TimeWorld world;
    world.declare("other-bot");
    world.rules().clock_back = policy::Threshold{suspends, 30};
    auto away = world.agents.extract("other-bot");
    away.mapped().triggers.clock_back = policy::Threshold{suspends, 30};
    CHECK(world.as_operator(handlers::suspend, HandlerWorld::bot));
    world.time -= 60;
    CHECK(world.sign() == "agent_suspended");
    CHECK(world.ledger.count("trigger") == 0);
    CHECK(world.reinstate("login:7") == "active");
    CHECK(world.sign() == "agent_suspended");
    CHECK(world.by() == "trigger:clock_back");
    // Its file comes back, by an apply; the one that was told is not told again.
    world.agents.insert(std::move(away));
    handlers::take_declared_triggers(world.services, {{"other-bot", "changed", "active"}});
    CHECK(world.reinstate("login:7") == "active");
    CHECK(world.sign() == "signed");
    CHECK(to_string(world.containment.state_of("other-bot")) == "suspended");
    // An agent that is new has nothing to do with it.
    world.declare("new-bot");
    world.agents["new-bot"].triggers.clock_back = policy::Threshold{suspends, 30};
    handlers::take_declared_triggers(world.services, {{"new-bot", "created", "active"}});
    CHECK(world.sign() == "signed");
    CHECK(to_string(world.containment.state_of("new-bot")) == "active");
}

TEST_CASE("clock back: a restart remembers a step, and who was told of it", "[daemon][triggers]") {
    TimeWorld world;
    world.declare("patient-bot");
    world.rules().clock_back = policy::Threshold{suspends, 30};
    world.agents["patient-bot"].triggers.clock_back = policy::Threshold{suspends, 100};
    const std::int64_t then = world.time;
    CHECK(world.sign() == "signed");
    world.time -= 60;
    CHECK(world.sign() == "agent_suspended");
    CHECK(world.reinstate("login:7") == "active");
    // In the order in which they were made, at the times that the clock said.
    const std::size_t first = 1;
    world.start_again({{first, then}, {world.ledger.records.size(), world.time}});
    CHECK(world.state() == "active");
    CHECK(world.ledger.count("trigger") == 1);
    world.time -= 41;
    CHECK(world.sign() == "agent_suspended");
    CHECK(to_string(world.containment.state_of("patient-bot")) == "suspended");
}

TEST_CASE("heartbeat: a host that slept is stopped before it signs", "[daemon][triggers]") {
    WaitingWorld world;
    world.time += 60;
    CHECK(world.sign() == "signed");
    // The timer's clock stood still meanwhile.
    world.time += 1;
    CHECK(world.sign() == "agent_suspended");
    CHECK(world.by() == "trigger:heartbeat");
    CHECK(world.reinstate() == "active");
    CHECK(reason_of(world.as_agent(handlers::credential, "")) == "agent_suspended");
    CHECK(world.reinstate() == "active");
    (void)world.heartbeat();
    CHECK(world.sign() == "signed");
}

TEST_CASE("heartbeat: nor does a restart with a clock behind the last one", "[daemon][triggers]") {
    WaitingWorld world;
    (void)world.heartbeat();
    const std::int64_t then = world.time;
    const std::size_t beat = world.ledger.records.size();
    world.pass(61);
    (void)run_async(world.loop, world.ledger.append("start", {}));
    world.time = then - 1000;
    world.start_again({{beat, then}, {beat + 1, then + 61}});
    CHECK(world.state() == "suspended");
}

TEST_CASE("heartbeat: an apply before a restart counts after it", "[daemon][triggers]") {
    WaitingWorld world;
    (void)run_async(world.loop, world.ledger.append("agent", {{"agent", HandlerWorld::bot}}));
    const std::int64_t then = world.time;
    world.pass(60);
    world.start_again(then);
    CHECK(world.state() == "active");
    world.pass(1);
    world.start_again(then);
    CHECK(world.state() == "suspended");
}

TEST_CASE("heartbeat: the agent stops in the second after it is overdue", "[daemon][triggers]") {
    WaitingWorld world;
    CHECK(handlers::next_heartbeat_due(world.services) == 61);
    world.pass(60);
    world.look();
    CHECK(world.state() == "active");
    CHECK(handlers::next_heartbeat_due(world.services) == 1);
    world.pass(1);
    world.look();
    CHECK(world.state() == "suspended");
    CHECK(world.by() == "trigger:heartbeat");
    CHECK(world.why() == "no heartbeat for 61 s");
    // Stopped as it is, nobody has to look again.
    CHECK_FALSE(handlers::next_heartbeat_due(world.services));
    world.look();
    CHECK(world.ledger.count("trigger") == 1);
    // Whoever reinstates it without one meets the same again.
    CHECK(world.reinstate() == "active");
    CHECK(handlers::next_heartbeat_due(world.services) == 1);
    world.look();
    CHECK(world.state() == "suspended");
}

TEST_CASE("heartbeat: one that comes is on record, and puts it off", "[daemon][triggers]") {
    WaitingWorld world;
    world.pass(59);
    CHECK(
        world.heartbeat() ==
        R"(answered {"agents":[{"every_s":60,"name":"deploy-bot","state":"active"}],"at":1700000059})");
    CHECK(text_at(world.newest("heartbeat"), {"by"}) == "login:1000");
    world.pass(60);
    world.look();
    CHECK(world.state() == "active");
    // One that is not durable is none.
    world.ledger.disk_full = true;
    CHECK(world.heartbeat() == "ledger_failed");
    world.ledger.disk_full = false;
    world.pass(1);
    world.look();
    CHECK(world.state() == "suspended");
    CHECK(reason_of(world.as_operator(handlers::heartbeat, "", R"({"x":1})")) ==
          "malformed_request");
}

TEST_CASE("heartbeat: a restart does not put it off", "[daemon][triggers]") {
    WaitingWorld world;
    (void)world.heartbeat();
    const std::int64_t then = world.time;
    world.pass(50);
    world.start_again(then);
    CHECK(world.state() == "active");
    CHECK(handlers::next_heartbeat_due(world.services) == 11);
    world.pass(11);
    world.start_again(then);
    CHECK(world.state() == "suspended");
}

TEST_CASE("heartbeat: a clock that is set back does not put it off", "[daemon][triggers]") {
    WaitingWorld world;
    (void)world.heartbeat();
    world.steady += 61;
    world.time -= 10'000;
    world.look();
    CHECK(world.state() == "suspended");
}

TEST_CASE("heartbeat: an apply of its file is one, for this agent", "[daemon][triggers]") {
    WaitingWorld world;
    world.pass(61);
    handlers::take_declared_triggers(world.services, {{HandlerWorld::bot, "unchanged", "active"}});
    CHECK(handlers::next_heartbeat_due(world.services) == 1);
    handlers::take_declared_triggers(world.services, {{HandlerWorld::bot, "changed", "active"}});
    CHECK(handlers::next_heartbeat_due(world.services) == 61);
}
