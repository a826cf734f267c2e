// POST /v1/agents/{name}/launch: nothing runs before it is recorded and known.
#include <algorithm>

#include "core/encode/base64.h"
#include "tests/support/catch.h"
#include "tests/support/handler_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;
using daemon::AgentState;
using Calls = std::vector<std::string>;

namespace {

const Error away = Error(Code::unavailable, "away", Retry::later).because("launcher_unavailable");

struct LaunchWorld : HandlerWorld {
    LaunchWorld() {
        declare(bot);
        agents[bot].launch = policy::Launch{{"ssh-ed25519 AAAA"}, policy::OnChange::kill};
    }
    Result<daemon::Answer> launch(const std::string& body = "") {
        return as_operator(handlers::launch, bot, body);
    }
    std::string refusal() {
        const auto answer = launch();
        return reason_of(answer);
    }
    bool asked_the_launcher() const { return !launcher.calls.empty(); }
    // What was prepared is ended, and nobody may speak for it.
    bool nothing_is_left() const {
        return launched.entries().empty() && launcher.calls.back() == "end 2";
    }
};

}  // namespace

TEST_CASE("launch: recorded, then in the chip, then registered, then released",
          "[daemon][launch]") {
    LaunchWorld world;
    world.ledger.when_queued = [&] {
        CHECK(world.launcher.calls == Calls{"prepare deploy-bot"});
        CHECK(world.keys.events.empty());
        CHECK(world.launched.entries().empty());
    };
    world.launcher.while_releasing = [&] {
        CHECK(world.ledger.count("launch") == 1);
        CHECK(world.keys.events.size() == 1);
        CHECK(world.launched.of(LaunchWorld::bot).size() == 1);
    };
    const auto answer = world.launch();
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(world.launcher.calls == Calls{"prepare deploy-bot", "release"});
    CHECK(world.launched.of(LaunchWorld::bot).size() == 1);
    CHECK(text_at(json_of(answer), {"agent"}) == "deploy-bot");
    CHECK(text_at(json_of(answer), {"instance"}) == world.launcher.last_order->instance);
    CHECK(text_at(json_of(answer), {"session_over"}) == "false");
    CHECK(text_at(json_of(answer), {"missing"}) == "[]");
}

TEST_CASE("launch: the record says what was launched, as whom and by whom", "[daemon][launch]") {
    LaunchWorld world;
    REQUIRE(world.launch());
    REQUIRE(world.ledger.count("launch") == 1);
    const encode::Json record(world.ledger.records.front().members);
    const auto says = [&](const char* member) { return text_at(record, {member}); };
    CHECK(says("agent") == "deploy-bot");
    CHECK(says("by") == "login:1000");
    CHECK(says("instance") == world.launcher.last_order->instance);
    CHECK(says("manifest") == encode::hex(Sha256(own_instance("", "").manifest)));
    CHECK(says("tree") == encode::hex(Sha256(own_instance("", "").tree)));
    CHECK(says("uid") == std::to_string(::geteuid()));
    CHECK(says("key_name") == encode::base64url(world.keys.keys.begin()->second.name));
    for (const char* member : {"sandbox", "arguments_environment", "cgroup"})
        CHECK(says(member) != "(absent)");
    // The chip's event is the same, with a type and a time; who asked is the ledger's alone.
    auto event = world.ledger.records.front().members;
    event.erase("by");
    event["time"] = world.time;
    event["type"] = "launch";
    CHECK(world.keys.events == Calls{encode::canonical(encode::Json(event))});
}

TEST_CASE("launch: a chip without a register is a missing guarantee, and said",
          "[daemon][launch]") {
    LaunchWorld world;
    world.keys.register_refuses = Error(Code::unavailable, "none").because("register_absent");
    const auto answer = world.launch();
    REQUIRE(answer);
    CHECK(text_at(json_of(answer), {"missing"}).find("no register") != std::string::npos);
}

TEST_CASE("launch: what a chip with a register does not take is not released", "[daemon][launch]") {
    LaunchWorld world;
    for (const char* reason : {"register_broken", "register_full", "keys_unavailable"}) {
        world.launcher.calls.clear();
        world.keys.register_refuses = Error(Code::unavailable, "no").because(reason);
        CHECK(world.refusal() == reason);
        CHECK(world.launcher.calls == Calls{"prepare deploy-bot", "end 2"});
        CHECK(world.nothing_is_left());
    }
}

TEST_CASE("launch: each instance has an id of its own", "[daemon][launch]") {
    LaunchWorld world;
    REQUIRE(world.launch());
    const std::string first = world.launcher.last_order->instance;
    REQUIRE(world.launch());
    CHECK(world.launcher.last_order->instance != first);
    CHECK(first.size() == 32);
    CHECK(world.launched.of(LaunchWorld::bot).size() == 2);
}

TEST_CASE("launch: the launcher is told which manifest, and whether an older one may be",
          "[daemon][launch]") {
    LaunchWorld world;
    REQUIRE(world.launch());
    CHECK_FALSE(world.launcher.last_order->manifest);
    CHECK_FALSE(world.launcher.last_order->allow_downgrade);
    REQUIRE(
        world.launch(R"({"allow_downgrade":true,"manifest":")" + std::string(64, 'a') + R"("})"));
    CHECK(world.launcher.last_order->manifest->front() == 0xaa);
    CHECK(world.launcher.last_order->allow_downgrade);
}

TEST_CASE("launch: refused before the launcher is asked", "[daemon][launch]") {
    LaunchWorld world;
    SECTION("a malformed request") {
        CHECK(reason_of(world.launch("{")) == "malformed_request");
    }
    SECTION("an agent that was never applied") {
        const auto answer = world.as_operator(handlers::launch, "nobody");
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code() == Code::not_found);
    }
    SECTION("an agent whose file is not in force") {
        world.agents.clear();
        CHECK(world.refusal() == "not_in_force");
    }
    SECTION("an agent that is recognised from outside") {
        world.agents[LaunchWorld::bot].launch.reset();
        CHECK(world.refusal() == "not_launchable");
    }
    SECTION("one uid for all") {
        world.settings.dev = true;
        CHECK(world.refusal() == "not_separated");
    }
    SECTION("a contained agent") {
        for (const auto state : {AgentState::suspended, AgentState::revoked, AgentState::retired}) {
            world.containment.set(LaunchWorld::bot, state);
            const auto answer = world.launch();
            REQUIRE_FALSE(answer);
            CHECK(answer.error().code() == Code::denied);
        }
    }
    SECTION("a ledger that cannot be written") {
        world.ledger.disk_full = true;
        CHECK(world.refusal() == "ledger_failed");
    }
    SECTION("no chip") {
        world.keys.away = Error(Code::unavailable, "away").because("keys_unavailable");
        CHECK(world.refusal() == "keys_unavailable");
    }
    SECTION("no launcher") {
        world.launcher.available_says = Error(away);
        CHECK(world.refusal() == "launcher_unavailable");
    }
    CHECK_FALSE(world.asked_the_launcher());
    CHECK(world.launched.entries().empty());
    CHECK(world.ledger.records.empty());
}

TEST_CASE("launch: what the launcher refuses is recorded with its reason, and runs nowhere",
          "[daemon][launch]") {
    LaunchWorld world;
    world.launcher.prepare_says = Error(Code::denied, "old").because("manifest_downgraded");
    CHECK(world.refusal() == "manifest_downgraded");
    CHECK(world.launcher.calls == Calls{"prepare deploy-bot"});
    CHECK(world.launched.entries().empty());
    REQUIRE(world.ledger.records.size() == 1);
    CHECK(world.ledger.records.front().type == "launch_refused");
    const encode::Json record(world.ledger.records.front().members);
    CHECK(text_at(record, {"agent"}) == "deploy-bot");
    CHECK(text_at(record, {"by"}) == "login:1000");
    CHECK(text_at(record, {"reason"}) == "manifest_downgraded");
}

TEST_CASE("launch: without a record nothing is released", "[daemon][launch]") {
    LaunchWorld world;
    world.launcher.while_preparing = [&] { world.ledger.disk_full = true; };
    CHECK(world.refusal() == "ledger_failed");
    CHECK(world.launcher.calls == Calls{"prepare deploy-bot", "end 2"});
    CHECK(world.nothing_is_left());
    for (const auto& event : world.keys.events)
        CHECK(event.find("\"type\":\"launch\"") == std::string::npos);
}

TEST_CASE("launch: one that never ran is recorded so, and ended in the chip", "[daemon][launch]") {
    LaunchWorld world;
    world.launcher.release_says = Error(Code::unavailable, "exec: no such file");
    REQUIRE_FALSE(world.launch());
    world.run_ready();
    REQUIRE(world.ledger.count("launch_refused") == 1);
    const encode::Json record(world.ledger.records.back().members);
    CHECK(text_at(record, {"instance"}) == world.launcher.last_order->instance);
    CHECK(text_at(record, {"reason"}) == "not_started");
    CHECK(text_at(record, {"by"}) == "login:1000");
    REQUIRE(world.keys.events.size() == 2);
    CHECK(world.keys.events.back().find("\"type\":\"stop\"") != std::string::npos);
}

TEST_CASE("launch: one that no launcher was there to kill is killed where it turns up",
          "[daemon][launch]") {
    LaunchWorld world;
    world.launcher.release_says = Error(Code::unavailable, "the launcher was replaced");
    world.launcher.end_says = Error(Code::unavailable, "away");
    REQUIRE_FALSE(world.launch());
    const std::string instance = world.launcher.last_order->instance;
    CHECK(world.launched.is_abandoned(instance));
    world.launcher.end_says = done();
    world.launcher.instances = {instance};
    world.launcher.calls.clear();
    REQUIRE(run_async(world.loop, handlers::take_over_instances(world.services)));
    CHECK(world.launcher.calls == Calls{"running", "end 2"});
    CHECK(world.launched.entries().empty());
}

TEST_CASE("launch: an agent that is stopped while it is prepared or recorded is not released",
          "[daemon][launch]") {
    LaunchWorld world;
    const auto stop = [&] { world.containment.set(LaunchWorld::bot, AgentState::suspended); };
    SECTION("while it is prepared") {
        world.launcher.while_preparing = stop;
    }
    SECTION("while it is recorded") {
        world.ledger.when_queued = stop;
    }
    const auto answer = world.launch();
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code() == Code::denied);
    CHECK(world.launcher.calls == Calls{"prepare deploy-bot", "end 2"});
    CHECK(world.nothing_is_left());
}

TEST_CASE("launch: an agent that is declared anew meanwhile is not released", "[daemon][launch]") {
    LaunchWorld world;
    SECTION("with another key") {
        world.launcher.while_preparing = [&] {
            auto row = *world.registry.find(LaunchWorld::bot);
            row.key.id = "agent-deploy-bot-2";
            REQUIRE(world.registry.put(row));
        };
    }
    SECTION("as one that is recognised from outside") {
        world.launcher.while_preparing = [&] { world.agents[LaunchWorld::bot].launch.reset(); };
    }
    SECTION("not at all") {
        world.launcher.while_preparing = [&] { world.agents.clear(); };
    }
    REQUIRE_FALSE(world.launch());
    CHECK(world.launcher.calls == Calls{"prepare deploy-bot", "end 2"});
    CHECK(world.nothing_is_left());
}

TEST_CASE("launch: one whose list of code is none is not released", "[daemon][launch]") {
    LaunchWorld world;
    world.launcher.without_code = true;
    REQUIRE_FALSE(world.launch());
    CHECK(world.launcher.calls == Calls{"prepare deploy-bot", "end 2"});
    CHECK(world.nothing_is_left());
}

TEST_CASE("launch: one that cannot execute is forgotten and ended", "[daemon][launch]") {
    LaunchWorld world;
    world.launcher.release_says = Error(Code::unavailable, "exec: no such file").because("x");
    CHECK(world.refusal() == "x");
    CHECK(world.launcher.calls == Calls{"prepare deploy-bot", "release", "end 2"});
    CHECK(world.nothing_is_left());
}

TEST_CASE("launch: one that was soon done is answered like any other", "[daemon][launch]") {
    LaunchWorld world;
    world.launcher.while_releasing = [&] {
        world.launched.remove(world.launcher.last_order->instance);
    };
    const auto answer = world.launch();
    REQUIRE(answer);
    CHECK(text_at(json_of(answer), {"agent"}) == "deploy-bot");
}
