// What was launched before this front or this launcher began is taken over, or ended as it must be.
#include "tests/support/running_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;
using daemon::AgentState;
using Calls = std::vector<std::string>;

TEST_CASE("take over: what runs is known again, and only then is the table complete",
          "[daemon][launch]") {
    RunningWorld world;
    world.launched.set_complete(false);
    world.launcher.instances = {"aa", "bb"};
    REQUIRE(world.take_over());
    CHECK(world.launched.complete());
    CHECK(world.launched.of(RunningWorld::bot) == std::vector<std::string>{"aa", "bb"});
    CHECK(world.launcher.calls == Calls{"running", "describe aa", "describe bb"});
}

TEST_CASE("take over: what must not run is stopped as its agent was", "[daemon][launch]") {
    RunningWorld world;
    const auto [state, call] =
        GENERATE(table<AgentState, std::string>({{AgentState::suspended, "end 3"},
                                                 {AgentState::revoked, "end 2"},
                                                 {AgentState::retired, "end 2"}}));
    world.containment.set(RunningWorld::bot, state);
    REQUIRE(world.take_over());
    CHECK(world.launcher.calls == Calls{"running", "describe aa", call});
}

TEST_CASE("take over: whom a kill did not reach is killed, not frozen", "[daemon][launch]") {
    RunningWorld world;
    world.launched.set_complete(false);
    const auto answer = world.as_operator(handlers::kill, RunningWorld::bot);
    CHECK(text_at(json_of(answer), {"stages", "processes"}) == "pending");
    CHECK(world.registry.find(RunningWorld::bot)->pending == "processes");
    CHECK(reason_of(world.as_operator(handlers::reinstate, RunningWorld::bot, "", "login:2")) ==
          "unsettled");
    CHECK_FALSE(run_async(world.loop, handlers::settle(world.services)));
    world.launcher.calls.clear();
    REQUIRE(world.take_over());
    CHECK(world.launcher.calls == Calls{"running", "describe aa", "end 2"});
    REQUIRE(run_async(world.loop, handlers::settle(world.services)));
    CHECK(world.registry.find(RunningWorld::bot)->pending.empty());
    CHECK(world.as_operator(handlers::reinstate, RunningWorld::bot, "", "login:2"));
}

TEST_CASE("take over: a kill that the launcher did not hear is done when it is back",
          "[daemon][launch]") {
    RunningWorld world;
    world.run("aa");
    world.launcher.end_says = Error(Code::unavailable, "away");
    REQUIRE(world.as_operator(handlers::kill, RunningWorld::bot));
    CHECK(handlers::unsettled(world.services));
    world.launcher.end_says = done();
    world.launcher.calls.clear();
    REQUIRE(run_async(world.loop, handlers::settle(world.services)));
    CHECK(world.launcher.calls == Calls{"end 2"});
    CHECK_FALSE(handlers::unsettled(world.services));
}

TEST_CASE("take over: a freeze is not the kill that is owed", "[daemon][launch]") {
    RunningWorld world;
    world.run("aa");
    world.launcher.end_says = Error(Code::unavailable, "away");
    REQUIRE(world.as_operator(handlers::kill, RunningWorld::bot));
    world.launcher.end_says = done();
    REQUIRE(world.as_operator(handlers::suspend, RunningWorld::bot));
    CHECK(world.registry.find(RunningWorld::bot)->pending == "processes");
    world.launcher.calls.clear();
    REQUIRE(run_async(world.loop, handlers::settle(world.services)));
    CHECK(world.launcher.calls == Calls{"end 2"});
}

TEST_CASE("take over: an instance whose kill was not heard is killed", "[daemon][launch]") {
    RunningWorld world;
    world.run("aa", false);
    world.launcher.end_says = Error(Code::unavailable, "away");
    REQUIRE(world.as_operator(handlers::kill, RunningWorld::bot, R"({"instance":"aa"})"));
    REQUIRE(world.as_operator(handlers::suspend, RunningWorld::bot, R"({"instance":"aa"})"));
    world.launcher.end_says = done();
    world.launched.remove("aa");
    if (GENERATE(false, true))
        world.containment.set(RunningWorld::bot, daemon::AgentState::suspended);
    world.launcher.calls.clear();
    REQUIRE(world.take_over());
    CHECK(world.launcher.calls == Calls{"running", "describe aa", "end 2"});
    CHECK(world.is_over("aa"));
}

TEST_CASE("take over: what was not released is left to who prepared it", "[daemon][launch]") {
    RunningWorld world;
    world.launcher.described_as_running = false;
    REQUIRE(world.take_over());
    CHECK(world.launched.entries().empty());
    CHECK(world.launcher.calls == Calls{"running", "describe aa"});
}

TEST_CASE("take over: another launcher gives no session back", "[daemon][launch]") {
    RunningWorld world;
    world.run("aa", false);
    REQUIRE(world.change("aa"));
    REQUIRE(world.is_over("aa"));
    REQUIRE(world.take_over());
    CHECK(world.is_over("aa"));
}

TEST_CASE("take over: what had to be killed while no launcher was there is killed",
          "[daemon][launch]") {
    RunningWorld world;
    world.run("aa", true);
    world.launcher.end_says = Error(Code::unavailable, "away");
    REQUIRE(world.change("aa"));
    world.launcher.end_says = done();
    world.launcher.calls.clear();
    REQUIRE(world.take_over());
    CHECK(world.launcher.calls == Calls{"running", "describe aa", "end 2"});
}
