#include "tests/support/catch.h"
#include "tests/support/full_disk.h"
#include "tests/support/handler_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;
using daemon::AgentState;

namespace {

struct ReinstateWorld : HandlerWorld {
    PausePoint pause{loop};
    ReinstateWorld() {
        declare(bot);
        ledger.pause = &pause;
    }
    // Held while its record is awaited.
    Pending<daemon::Answer> begin_reinstate() {
        pause.hold_call(0);
        const auto begun = begin_as_operator(handlers::reinstate, bot, "", "login:1001");
        run_ready();
        REQUIRE(pause.where() == "append containment");
        return begun;
    }
    const daemon::AgentRow& row() const { return *registry.find(bot); }
    AgentState state() const { return containment.state_of(bot); }
    // What the ledger says of its key in the end.
    std::string last_state() const { return history.stop_of(row().key.id)->state; }
    std::string last_verb() const { return *ledger.records.back().members.at("verb").string(); }
};

}  // namespace

TEST_CASE("reinstate: by another principal lifts a suspension", "[daemon][contain]") {
    ReinstateWorld world;
    REQUIRE(world.as_operator(handlers::suspend, ReinstateWorld::bot, "", "login:1000"));
    const auto answer =
        world.as_operator(handlers::reinstate, ReinstateWorld::bot, "", "login:1001");
    REQUIRE(answer);
    CHECK(world.state() == AgentState::active);
    CHECK(world.row().state == AgentState::active);
    CHECK(world.row().changed_by == "login:1001");
    CHECK(world.last_verb() == "reinstate");
}

TEST_CASE("reinstate: not by the one who suspended, unless settings say anyone",
          "[daemon][contain]") {
    ReinstateWorld world;
    REQUIRE(world.as_operator(handlers::suspend, ReinstateWorld::bot));
    const auto refused = world.as_operator(handlers::reinstate, ReinstateWorld::bot);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Code::denied);
    CHECK(refused.error().reason() == "same_principal");
    CHECK(world.state() == AgentState::suspended);

    world.settings.reinstate_by = "anyone";
    CHECK(world.as_operator(handlers::reinstate, ReinstateWorld::bot));
    CHECK(world.state() == AgentState::active);
}

TEST_CASE("reinstate: two logins of one operator are one person", "[daemon][contain]") {
    ReinstateWorld world;
    world.operators = *policy::Operators::parse("operators.toml",
                                                "[[operator]]\nname = \"carol@example.org\"\n"
                                                "uids = [0, 1000]\n");
    REQUIRE(world.as_operator(handlers::suspend, ReinstateWorld::bot, "", "login:1000"));
    CHECK(reason_of(world.as_operator(handlers::reinstate, ReinstateWorld::bot, "", "uid:0")) ==
          "same_principal");
    CHECK(world.as_operator(handlers::reinstate, ReinstateWorld::bot, "", "login:1001"));

    const std::string host = R"({"verb":"suspend","host":true})";
    const std::string undo = R"({"verb":"reinstate","host":true})";
    REQUIRE(world.as_operator(handlers::contain, "", host, "uid:0"));
    CHECK(reason_of(world.as_operator(handlers::contain, "", undo, "login:1000")) ==
          "same_principal");
    CHECK(world.as_operator(handlers::contain, "", undo, "login:1001"));
}

TEST_CASE("reinstate: a second suspension does not unlock the first one's author",
          "[daemon][contain]") {
    ReinstateWorld world;
    REQUIRE(world.as_operator(handlers::suspend, ReinstateWorld::bot, "", "login:1000"));
    REQUIRE(world.as_operator(handlers::suspend, ReinstateWorld::bot, "", "login:1001"));
    CHECK(reason_of(world.as_operator(handlers::reinstate, ReinstateWorld::bot, "",
                                      "login:1000")) == "same_principal");
    CHECK(world.ledger.count("containment") == 2);
}

TEST_CASE("reinstate: only suspended agents", "[daemon][contain]") {
    ReinstateWorld world;
    CHECK(reason_of(world.as_operator(handlers::reinstate, ReinstateWorld::bot)) ==
          "not_suspended");
    REQUIRE(world.as_operator(handlers::revoke, ReinstateWorld::bot));
    const auto revoked =
        world.as_operator(handlers::reinstate, ReinstateWorld::bot, "", "login:1001");
    CHECK(reason_of(revoked) == "agent_revoked");
    CHECK(revoked.error().code() == Code::conflict);
    CHECK(world.state() == AgentState::revoked);
}

TEST_CASE("reinstate: no agent without a file in force, whoever suspended it before that vanished",
          "[daemon][contain]") {
    ReinstateWorld world;
    world.declare("other-bot");
    REQUIRE(world.as_operator(handlers::suspend, ReinstateWorld::bot, "", "login:1000"));
    REQUIRE(world.as_operator(handlers::suspend, "other-bot", "", "login:1000"));
    world.write_agent_file("other-bot");
    REQUIRE(world.as_operator(handlers::apply, ""));
    const std::size_t records = world.ledger.records.size();
    const auto refused =
        world.as_operator(handlers::reinstate, ReinstateWorld::bot, "", "login:1001");
    CHECK(reason_of(refused) == "file_vanished");
    CHECK(refused.error().code() == Code::conflict);
    CHECK(world.ledger.records.size() == records);
    CHECK(world.row().changed_by == "login:1000");

    // Of a scope the others are reinstated, and this one is named.
    auto row = world.row();
    row.environment = "test";
    REQUIRE(world.registry.put(row));
    const auto scope = world.as_operator(
        handlers::contain, "", R"({"verb":"reinstate","environment":"test"})", "login:1001");
    CHECK(text_at(json_of(scope), {"code"}) == "file_vanished");
    CHECK(world.state() == AgentState::suspended);
    CHECK(world.containment.state_of("other-bot") == AgentState::active);

    world.write_agent_file(ReinstateWorld::bot);
    REQUIRE(world.as_operator(handlers::apply, ""));
    CHECK(world.state() == AgentState::suspended);
    CHECK(world.as_operator(handlers::reinstate, ReinstateWorld::bot, "", "login:1001"));
    CHECK(world.state() == AgentState::active);
}

TEST_CASE("reinstate: without a durable record the agent stays suspended", "[daemon][contain]") {
    ReinstateWorld world;
    REQUIRE(world.as_operator(handlers::suspend, ReinstateWorld::bot, "", "login:1000"));
    world.ledger.disk_full = true;
    CHECK(reason_of(world.as_operator(handlers::reinstate, ReinstateWorld::bot, "",
                                      "login:1001")) == "ledger_failed");
    CHECK(world.state() == AgentState::suspended);
    CHECK(world.row().state == AgentState::suspended);
}

TEST_CASE("reinstate: a stop that comes meanwhile wins", "[daemon][contain]") {
    ReinstateWorld world;
    REQUIRE(world.as_operator(handlers::suspend, ReinstateWorld::bot, "", "login:1000"));
    Pending<daemon::Answer> second;
    world.ledger.when_queued = [&] {
        world.ledger.when_queued = nullptr;
        second = world.begin_as_operator(handlers::revoke, ReinstateWorld::bot, "", "login:1002");
        world.loop.poll();
    };
    const auto answer =
        world.as_operator(handlers::reinstate, ReinstateWorld::bot, "", "login:1001");
    CHECK(reason_of(answer) == "stopped_meanwhile");
    REQUIRE(world.finish(second));
    CHECK(world.state() == AgentState::revoked);
    CHECK(world.row().state == AgentState::revoked);
}

TEST_CASE("reinstate: what an apply wrote while the record was awaited is kept",
          "[daemon][contain]") {
    ReinstateWorld world;
    REQUIRE(world.as_operator(handlers::suspend, ReinstateWorld::bot, "", "login:1000"));
    const auto reinstating = world.begin_reinstate();
    world.write_agent_file(ReinstateWorld::bot, "staging");
    REQUIRE(world.as_operator(handlers::apply, ""));
    world.pause.let_go();
    REQUIRE(world.finish(reinstating));
    CHECK(world.row().state == AgentState::active);
    CHECK(world.row().changed_by == "login:1001");
    CHECK(world.row().environment == "staging");
    CHECK(world.row().sponsor == "s@example.org");
    CHECK(world.row().file_digest == world.agents.at(ReinstateWorld::bot).digest);
}

TEST_CASE("reinstate: a file that vanishes while the record is awaited keeps it suspended",
          "[daemon][contain]") {
    ReinstateWorld world;
    REQUIRE(world.as_operator(handlers::suspend, ReinstateWorld::bot, "", "login:1000"));
    const auto reinstating = world.begin_reinstate();
    REQUIRE(world.as_operator(handlers::apply, ""));
    world.pause.let_go();
    CHECK(reason_of(world.finish(reinstating)) == "file_vanished");
    CHECK(world.state() == AgentState::suspended);
    CHECK(world.row().state == AgentState::suspended);
    CHECK(world.row().pending.empty());
    CHECK(world.last_verb() == "settle");
    CHECK(*world.ledger.records.back().members.at("by").string() == "login:1000");
    CHECK(world.last_state() == "suspended");
}

TEST_CASE("reinstate: a stop of another agent or of the host meanwhile says nothing of this one",
          "[daemon][contain]") {
    ReinstateWorld world;
    world.declare("other-bot");
    REQUIRE(world.as_operator(handlers::suspend, ReinstateWorld::bot, "", "login:1000"));
    const auto reinstating = world.begin_reinstate();
    REQUIRE(world.as_operator(handlers::suspend, "other-bot"));
    REQUIRE(world.as_operator(handlers::contain, "", R"({"verb":"suspend","host":true})"));
    world.pause.let_go();
    REQUIRE(world.finish(reinstating));
    CHECK(world.row().state == AgentState::active);
    CHECK(world.last_state() == "active");
    CHECK(world.containment.allows(ReinstateWorld::bot).error().reason() == "host_suspended");
    CHECK(world.containment.state_of("other-bot") == AgentState::suspended);
}

TEST_CASE("reinstate: where the registry cannot follow its record, the ledger is put right",
          "[daemon][contain]") {
    ReinstateWorld world;
    REQUIRE(world.as_operator(handlers::suspend, ReinstateWorld::bot, "", "login:1000"));
    {
        const FullDisk full;
        CHECK_FALSE(world.as_operator(handlers::reinstate, ReinstateWorld::bot, "", "login:1001"));
    }
    CHECK(world.state() == AgentState::suspended);
    CHECK(world.last_verb() == "settle");
    CHECK(world.last_state() == "suspended");
    REQUIRE(run_async(world.loop, handlers::settle(world.services)));
    CHECK_FALSE(handlers::unsettled(world.services));
    CHECK(world.as_operator(handlers::reinstate, ReinstateWorld::bot, "", "login:1001"));
    CHECK(world.last_state() == "active");
}

TEST_CASE("reinstate: a ledger that cannot be put right at once is put right later",
          "[daemon][contain]") {
    ReinstateWorld world;
    REQUIRE(world.as_operator(handlers::suspend, ReinstateWorld::bot, "", "login:1000"));
    const auto reinstating = world.begin_reinstate();
    REQUIRE(world.as_operator(handlers::apply, ""));
    world.ledger.disk_full = true;
    world.pause.let_go();
    CHECK(reason_of(world.finish(reinstating)) == "file_vanished");
    CHECK(world.last_state() == "active");
    CHECK(world.row().pending == "ledger");  // it survives a restart
    world.ledger.disk_full = false;
    REQUIRE(run_async(world.loop, handlers::settle(world.services)));
    CHECK(world.last_verb() == "settle");
    CHECK(world.last_state() == "suspended");
}

TEST_CASE("reinstate: of a record that may be there the last word is taken, also before another's",
          "[daemon][contain]") {
    ReinstateWorld world;
    REQUIRE(world.as_operator(handlers::suspend, ReinstateWorld::bot, "", "login:1000"));
    const auto second = world.begin_reinstate();
    world.ledger.lose_next_answer = true;
    const auto first =
        world.as_operator(handlers::reinstate, ReinstateWorld::bot, "", "login:1002");
    REQUIRE_FALSE(first);
    CHECK(first.error().code() == Code::timeout);
    CHECK(world.last_verb() == "settle");
    world.pause.let_go();
    CHECK(reason_of(world.finish(second)) == "stopped_meanwhile");
    CHECK(world.state() == AgentState::suspended);
    CHECK(world.last_verb() == "settle");
}

TEST_CASE("reinstate: not before the suspension is durable", "[daemon][contain]") {
    ReinstateWorld world;
    world.ledger.disk_full = true;
    REQUIRE(world.as_operator(handlers::suspend, ReinstateWorld::bot, "", "login:1000"));
    world.ledger.disk_full = false;
    const auto early =
        world.as_operator(handlers::reinstate, ReinstateWorld::bot, "", "login:1001");
    CHECK(reason_of(early) == "unsettled");
    CHECK(world.state() == AgentState::suspended);
    REQUIRE(run_async(world.loop, handlers::settle(world.services)));
    CHECK(world.as_operator(handlers::reinstate, ReinstateWorld::bot, "", "login:1001"));
}
