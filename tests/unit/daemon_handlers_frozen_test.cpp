// What becomes of running instances when their agent is contained or reinstated.
#include "tests/support/running_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;
using Calls = std::vector<std::string>;

namespace {

std::string stage(const Result<daemon::Answer>& answer) {
    return text_at(json_of(answer), {"stages", "processes"});
}

}  // namespace

TEST_CASE("containment: what runs is frozen at suspend, killed by the other verbs",
          "[daemon][contain][launch]") {
    RunningWorld world;
    world.run("aa");
    const auto [verb, call] =
        GENERATE(table<daemon::Handler, std::string>({{handlers::suspend, "end 3"},
                                                      {handlers::kill, "end 2"},
                                                      {handlers::revoke, "end 2"},
                                                      {handlers::retire, "end 2"}}));
    const auto answer = world.as_operator(verb, RunningWorld::bot);
    REQUIRE(answer);
    CHECK(stage(answer) == "done");
    CHECK(world.launcher.calls == Calls{call});
    CHECK_FALSE(world.containment.allows(RunningWorld::bot));
}

TEST_CASE("containment: where nothing runs there is nothing to end", "[daemon][contain][launch]") {
    RunningWorld world;
    const auto answer = world.as_operator(handlers::suspend, RunningWorld::bot);
    REQUIRE(answer);
    CHECK(stage(answer) == "not_needed");
    CHECK(world.launcher.calls.empty());
}

TEST_CASE("containment: a launcher that is away keeps no agent from being stopped",
          "[daemon][contain][launch]") {
    RunningWorld world;
    world.run("aa");
    world.launcher.end_says = Error(Code::unavailable, "away", Retry::later);
    const auto answer = world.as_operator(handlers::revoke, RunningWorld::bot);
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(stage(answer) == "pending");
    CHECK(text_at(json_of(answer), {"stages", "fuse"}) == "done");
    CHECK_FALSE(world.containment.allows(RunningWorld::bot));
}

TEST_CASE("containment: one that ended by itself is as good as killed",
          "[daemon][contain][launch]") {
    RunningWorld world;
    world.run("aa");
    world.launcher.end_says = Error(Code::not_found, "no instance").because("unknown_instance");
    CHECK(stage(world.as_operator(handlers::kill, RunningWorld::bot)) == "done");
}

TEST_CASE("kill: the agent is suspended, and only another principal reinstates it",
          "[daemon][contain][launch]") {
    RunningWorld world;
    world.run("aa");
    const auto answer = world.as_operator(handlers::kill, RunningWorld::bot);
    REQUIRE(answer);
    CHECK(text_at(json_of(answer), {"state"}) == "suspended");
    CHECK(world.last("verb") == "kill");
    CHECK(reason_of(world.as_operator(handlers::reinstate, RunningWorld::bot)) == "same_principal");
    CHECK(world.as_operator(handlers::reinstate, RunningWorld::bot, "", "login:2000"));
}

TEST_CASE("reinstate: what was frozen goes on, after the agent is allowed again",
          "[daemon][contain][launch]") {
    RunningWorld world;
    world.run("aa");
    REQUIRE(world.as_operator(handlers::suspend, RunningWorld::bot));
    const auto answer = world.as_operator(handlers::reinstate, RunningWorld::bot, "", "login:2000");
    REQUIRE(answer);
    CHECK(stage(answer) == "done");
    CHECK(world.launcher.calls == Calls{"end 3", "end 4"});
    CHECK(world.containment.allows(RunningWorld::bot));
}

TEST_CASE("apply: what runs of an agent whose file vanished is frozen, and goes on with the file",
          "[daemon][apply][launch]") {
    RunningWorld world;
    world.run("aa");
    REQUIRE(world.as_operator(handlers::apply, ""));
    CHECK(world.registry.find(RunningWorld::bot)->changed_by == "file:vanished");
    CHECK(world.launcher.calls == Calls{"end 3"});
    CHECK(world.keys.count("extend_register") == 1);
    REQUIRE(world.as_operator(handlers::apply, ""));
    CHECK(world.launcher.calls == Calls{"end 3"});

    world.write_agent_file(RunningWorld::bot);
    SECTION("its agent may act again") {
        REQUIRE(world.as_operator(handlers::apply, ""));
        CHECK(world.containment.allows(RunningWorld::bot));
        CHECK(world.launcher.calls == Calls{"end 3", "end 4"});
        CHECK(world.keys.count("extend_register") == 2);
    }
    SECTION("an operator suspended it as well") {
        REQUIRE(world.as_operator(handlers::suspend, RunningWorld::bot));
        REQUIRE(world.as_operator(handlers::apply, ""));
        CHECK(world.launcher.calls == Calls{"end 3", "end 3"});
    }
    SECTION("the host stands still") {
        world.containment.set_host(daemon::AgentState::suspended);
        REQUIRE(world.as_operator(handlers::apply, ""));
        CHECK(world.launcher.calls == Calls{"end 3"});
    }
}

TEST_CASE("apply: a launcher that is away keeps no vanished file from suspending",
          "[daemon][apply][launch]") {
    RunningWorld world;
    world.run("aa");
    world.launcher.end_says = Error(Code::unavailable, "away", Retry::later);
    CHECK(world.as_operator(handlers::apply, ""));
    CHECK_FALSE(world.containment.allows(RunningWorld::bot));
}

TEST_CASE("reinstate: what is stopped again while its instances go on is not let go further",
          "[daemon][contain][launch]") {
    RunningWorld world;
    world.run("aa");
    world.run("bb");
    REQUIRE(world.as_operator(handlers::suspend, RunningWorld::bot));
    world.launcher.calls.clear();
    world.launcher.while_ending = [&world] {
        world.containment.set(RunningWorld::bot, daemon::AgentState::suspended);
    };
    REQUIRE(world.as_operator(handlers::reinstate, RunningWorld::bot, "", "login:2000"));
    CHECK(world.launcher.calls == Calls{"end 4"});
}

TEST_CASE("reinstate: refused, it thaws nothing", "[daemon][contain][launch]") {
    RunningWorld world;
    world.run("aa");
    REQUIRE(world.as_operator(handlers::suspend, RunningWorld::bot));
    REQUIRE_FALSE(world.as_operator(handlers::reinstate, RunningWorld::bot));
    CHECK(world.launcher.calls == Calls{"end 3"});
}
