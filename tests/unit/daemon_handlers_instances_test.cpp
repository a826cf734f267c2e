// Instances that run: how they are listed and stopped, and what they do themselves.
#include <algorithm>

#include "tests/support/running_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;
using daemon::LaunchNotice;
using Calls = std::vector<std::string>;

TEST_CASE("instances: who runs and who ended is listed", "[daemon][launch]") {
    RunningWorld world;
    CHECK(text_at(json_of(world.as_operator(handlers::list_instances, "")), {"instances"}) == "[]");
    world.run("aa");
    world.run("bb");
    REQUIRE(world.hear(LaunchNotice::Kind::ended, "aa"));
    const auto json = json_of(world.as_operator(handlers::list_instances, ""));
    REQUIRE(json.find("instances")->array()->size() == 1);
    CHECK(text_at(json.find("instances")->array()->front(), {"instance"}) == "bb");
    CHECK(text_at(json, {"ended"}) ==
          R"([{"agent":"deploy-bot","how":"signal 9","instance":"aa"}])");
    CHECK(reason_of(world.as_operator(handlers::list_instances, "", "{\"x\":1}")) ==
          "malformed_request");
}

TEST_CASE("stop: each instance is recorded, then told to end", "[daemon][launch]") {
    RunningWorld world;
    world.run("aa");
    world.run("bb");
    world.ledger.when_queued = [&] { CHECK(world.launcher.calls.empty()); };
    const auto answer = world.as_operator(handlers::stop, RunningWorld::bot);
    REQUIRE(answer);
    CHECK(text_at(json_of(answer), {"instances"}) == R"(["aa","bb"])");
    CHECK(world.ledger.count("stop") == 2);
    CHECK(world.last("by") == "login:1000");
    CHECK(world.launcher.calls == Calls{"end 1", "end 1"});
    // Still theirs until they have ended; and no key is touched.
    CHECK(world.launched.of(RunningWorld::bot).size() == 2);
    CHECK(world.keys.count("extend_register") == world.keys.calls.size());
    CHECK(world.containment.allows(RunningWorld::bot));
}

TEST_CASE("stop: one instance that is named is told to end, and no other", "[daemon][launch]") {
    RunningWorld world;
    world.run("aa");
    world.run("bb");
    const auto answer =
        world.as_operator(handlers::stop, RunningWorld::bot, R"({"instance":"bb"})");
    REQUIRE(answer);
    CHECK(text_at(json_of(answer), {"instances"}) == R"(["bb"])");
    CHECK(world.ledger.count("stop") == 1);
    CHECK(world.last("instance") == "bb");
    CHECK(world.launcher.calls == Calls{"end 1"});
    CHECK(reason_of(world.as_operator(handlers::stop, RunningWorld::bot, R"({"instance":"cc"})")) ==
          "not_running");
    CHECK(world.launcher.calls.size() == 1);
}

TEST_CASE("instances: what ends or changes them is an event in the chip", "[daemon][launch]") {
    RunningWorld world;
    world.run("aa");
    const auto events = [&](const std::string& type) {
        return std::count_if(
            world.keys.events.begin(), world.keys.events.end(), [&](const std::string& event) {
                return event.find("\"type\":\"" + type + "\"") != std::string::npos;
            });
    };
    REQUIRE(world.as_operator(handlers::stop, RunningWorld::bot));
    REQUIRE(world.hear(LaunchNotice::Kind::exec_refused, "aa"));
    REQUIRE(world.as_operator(handlers::suspend, RunningWorld::bot));
    REQUIRE(world.as_operator(handlers::reinstate, RunningWorld::bot, "", "login:2000"));
    REQUIRE(world.as_operator(handlers::kill, RunningWorld::bot));
    world.run_ready();
    for (const char* type : {"stop", "exec_refused", "suspend", "reinstate", "kill"}) {
        INFO(type);
        CHECK(events(type) == 1);
    }
}

TEST_CASE("stop: an agent that does not run, or is none, is told apart", "[daemon][launch]") {
    RunningWorld world;
    CHECK(reason_of(world.as_operator(handlers::stop, RunningWorld::bot)) == "not_running");
    const auto unknown = world.as_operator(handlers::stop, "nobody");
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().code() == Code::not_found);
    CHECK(world.launcher.calls.empty());
}

TEST_CASE("stop: without a record nothing is stopped, and with the launcher away it is said",
          "[daemon][launch]") {
    RunningWorld world;
    world.run("aa");
    world.ledger.disk_full = true;
    CHECK(reason_of(world.as_operator(handlers::stop, RunningWorld::bot)) == "ledger_failed");
    CHECK(world.launcher.calls.empty());
    world.ledger.disk_full = false;
    world.launcher.end_says =
        Error(Code::unavailable, "away", Retry::later).because("launcher_unavailable");
    CHECK(reason_of(world.as_operator(handlers::stop, RunningWorld::bot)) ==
          "launcher_unavailable");
}

TEST_CASE("stop: an instance that ended meanwhile is no failure", "[daemon][launch]") {
    RunningWorld world;
    world.run("aa");
    world.launcher.end_says = Error(Code::not_found, "no instance").because("unknown_instance");
    CHECK(world.as_operator(handlers::stop, RunningWorld::bot));
}

TEST_CASE("instances: one that ended is recorded, removed and remembered", "[daemon][launch]") {
    RunningWorld world;
    world.run("aa");
    REQUIRE(world.hear(LaunchNotice::Kind::ended, "aa"));
    CHECK(world.launched.find("aa") == nullptr);
    REQUIRE(world.launched.endings().size() == 1);
    CHECK(world.launched.endings().back().agent == RunningWorld::bot);
    CHECK(world.launched.endings().back().how == "signal 9");
    REQUIRE(world.ledger.count("ended") == 1);
    CHECK(world.last("how") == "signal 9");
    CHECK(world.last("instance") == "aa");
    CHECK(world.last("by") == "holdfast");
}

TEST_CASE("instances: the last 64 endings are remembered, the one before them is not",
          "[daemon][launch]") {
    RunningWorld world;
    for (std::size_t i = 0; i <= daemon::max_endings; ++i) {
        const std::string instance = std::to_string(i);
        world.run(instance);
        REQUIRE(world.hear(LaunchNotice::Kind::ended, instance));
        if (i + 1 == daemon::max_endings) CHECK(world.launched.endings().front().instance == "0");
    }
    CHECK(world.launched.endings().size() == daemon::max_endings);
    CHECK(world.launched.endings().front().instance == "1");
    CHECK(world.launched.endings().back().instance == std::to_string(daemon::max_endings));
}

TEST_CASE("instances: a refused exec ends the session and is recorded", "[daemon][launch]") {
    RunningWorld world;
    world.run("aa");
    world.run("bb");
    REQUIRE(world.hear(LaunchNotice::Kind::exec_refused, "aa"));
    CHECK(world.is_over("aa"));
    CHECK_FALSE(world.is_over("bb"));
    CHECK(world.ledger.count("exec_refused") == 1);
    CHECK(world.launched.endings().empty());
}

TEST_CASE("instances: a notice about nobody changes nothing", "[daemon][launch]") {
    RunningWorld world;
    world.run("aa");
    REQUIRE(world.hear(LaunchNotice::Kind::ended, "cc"));
    REQUIRE(world.hear(LaunchNotice::Kind::exec_refused, "cc"));
    CHECK(world.ledger.records.empty());
    CHECK_FALSE(world.is_over("aa"));
    CHECK(world.launched.endings().empty());
}

TEST_CASE("instances: changed code ends the session once, and kills where it is told to",
          "[daemon][launch]") {
    RunningWorld world;
    world.run("aa", true);
    world.run("bb", false);
    world.ledger.when_queued = [&] { CHECK((world.is_over("aa") || world.is_over("bb"))); };
    REQUIRE(world.change("aa"));
    CHECK(world.is_over("aa"));
    CHECK(world.launcher.calls == Calls{"end 2"});
    REQUIRE(world.change("bb"));
    CHECK(world.is_over("bb"));
    CHECK(world.launcher.calls == Calls{"end 2"});
    CHECK(world.ledger.count("session_over") == 2);
    CHECK(world.last("reason") == "measurement_changed");

    REQUIRE(world.change("aa"));
    REQUIRE(world.change("cc"));
    CHECK(world.ledger.count("session_over") == 2);
    CHECK(world.launcher.calls == Calls{"end 2"});
}

TEST_CASE("instances: neither disk nor launcher keeps a session open", "[daemon][launch]") {
    RunningWorld world;
    world.run("aa");
    world.ledger.disk_full = true;
    world.launcher.end_says = Error(Code::unavailable, "away");
    CHECK_FALSE(world.change("aa"));
    CHECK(world.is_over("aa"));
}

TEST_CASE("instances: a tree that changed ends the sessions of all that run from it",
          "[daemon][instances]") {
    RunningWorld world;
    world.run("aa");
    world.run("bb");
    const auto recheck = [&] {
        return run_async(world.loop, daemon::handlers::recheck_trees(world.services));
    };
    SECTION("as it was imported, asked once for both") {
        CHECK(recheck());
        CHECK(world.measurer.views_checked == 1);
        CHECK_FALSE(world.is_over("aa"));
    }
    SECTION("changed") {
        world.measurer.view_says =
            Error(Code::denied, "store: lib/x: size").because("store_changed");
        CHECK_FALSE(recheck());
        CHECK(world.is_over("aa"));
        CHECK(world.is_over("bb"));
        CHECK(world.last("reason") == "store_changed");
        CHECK(std::count(world.launcher.calls.begin(), world.launcher.calls.end(), "end 2") == 2);
        // What is over is not looked at again.
        CHECK(recheck());
        CHECK(world.measurer.views_checked == 1);
    }
    SECTION("a measurer that is away says nothing about the tree") {
        world.measurer.view_says = Error(Code::unavailable, "x").because("measurer_unavailable");
        CHECK_FALSE(recheck());
        CHECK_FALSE(world.is_over("aa"));
    }
}
