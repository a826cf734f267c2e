#include "tests/support/catch.h"
#include "tests/support/full_disk.h"
#include "tests/support/handler_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;
using daemon::AgentState;

namespace {

struct ContainmentWorld : HandlerWorld {
    ContainmentWorld() { declare(bot); }
    const daemon::AgentRow& row() const { return *registry.find(bot); }
    AgentState state() const { return containment.state_of(bot); }
    std::string last_verb() const {
        return ledger.records.empty() ? "" : *ledger.records.back().members.at("verb").string();
    }
    Result<std::monostate> settle() { return run_async(loop, handlers::settle(services)); }
};

std::string stages(const Result<daemon::Answer>& answer) {
    return text_at(json_of(answer), {"stages"});
}

const Error worker_away =
    Error(Code::unavailable, "being replaced", Retry::later).because("keys_unavailable");

}  // namespace

TEST_CASE("suspend: in memory, registry and ledger, not in the chip", "[daemon][contain]") {
    ContainmentWorld world;
    const auto answer = world.as_operator(handlers::suspend, ContainmentWorld::bot);
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(
        stages(answer) ==
        R"({"anchor":"not_needed","crl":"done","fuse":"not_needed","ledger":"done","memory":"done",)"
        R"("processes":"not_needed","registry":"done","sessions":"done"})");
    CHECK(world.state() == AgentState::suspended);
    CHECK(world.row().state == AgentState::suspended);
    CHECK(world.row().changed_by == "login:1000");
    CHECK(world.row().pending.empty());
    CHECK(world.keys.calls == std::vector<std::string>{"flush_sessions "});
    CHECK(world.last_verb() == "suspend");
}

TEST_CASE("revoke: the fuse is blown in the chip", "[daemon][contain]") {
    ContainmentWorld world;
    const auto answer = world.as_operator(handlers::revoke, ContainmentWorld::bot);
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(stages(answer) ==
          R"({"anchor":"not_needed","crl":"done","fuse":"done","ledger":"done","memory":"done",)"
          R"("processes":"not_needed","registry":"done","sessions":"done"})");
    // A session whose policy was satisfied before outlives the fuse: flushed after it. The
    // tombstone comes last.
    CHECK(world.keys.calls ==
          std::vector<std::string>{"blow_fuse agent-deploy-bot-1", "flush_sessions ", "sign ca"});
    CHECK(world.row().state == AgentState::revoked);
    CHECK(world.row().pending.empty());
    CHECK(world.last_verb() == "revoke");
}

TEST_CASE("revoke: twice is one revocation", "[daemon][contain]") {
    ContainmentWorld world;
    REQUIRE(world.as_operator(handlers::revoke, ContainmentWorld::bot));
    const auto again = world.as_operator(handlers::revoke, ContainmentWorld::bot);
    REQUIRE(again);
    CHECK(again->status == 200);
    CHECK(text_at(json_of(again), {"state"}) == "revoked");
    CHECK(world.keys.calls.size() == 3);
    CHECK(world.ledger.records.size() == 1);
}

TEST_CASE("revoke: in memory before chip and disk have answered", "[daemon][contain]") {
    ContainmentWorld world;
    AgentState when_recorded = AgentState::active;
    world.ledger.when_queued = [&] { when_recorded = world.state(); };
    REQUIRE(world.as_operator(handlers::revoke, ContainmentWorld::bot));
    CHECK(when_recorded == AgentState::revoked);
}

TEST_CASE("revoke: with the disk gone the chip still ends the key, and that is enough",
          "[daemon][contain]") {
    ContainmentWorld world;
    world.ledger.disk_full = true;
    const auto answer = world.as_operator(handlers::revoke, ContainmentWorld::bot);
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(text_at(json_of(answer), {"stages", "fuse"}) == "done");
    CHECK(text_at(json_of(answer), {"stages", "ledger"}) == "pending");
    CHECK(world.keys.count("blow_fuse") == 1);
    CHECK(world.row().pending == "ledger");

    world.ledger.disk_full = false;
    REQUIRE(world.settle());
    CHECK(world.row().pending.empty());
    CHECK(world.last_verb() == "settle");
    CHECK(world.keys.count("blow_fuse") == 1);
}

TEST_CASE("revoke: with the worker away the fuse follows when it is back", "[daemon][contain]") {
    ContainmentWorld world;
    world.keys.away = worker_away;
    const auto answer = world.as_operator(handlers::revoke, ContainmentWorld::bot);
    REQUIRE(answer);
    CHECK(answer->status == 200);  // recorded, and the registry remembers
    CHECK(text_at(json_of(answer), {"stages", "fuse"}) == "pending");
    CHECK(world.row().pending == "fuse");
    CHECK(handlers::unsettled(world.services));
    CHECK_FALSE(world.settle());
    CHECK(world.row().pending == "fuse");

    world.keys.away.reset();
    REQUIRE(world.settle());
    CHECK(world.keys.blown.contains("agent-deploy-bot-1"));
    CHECK(world.row().pending.empty());
    CHECK_FALSE(handlers::unsettled(world.services));
    CHECK(world.ledger.count("containment") == 1);
}

TEST_CASE("revoke: neither disk nor chip is 503, says so, and holds in memory",
          "[daemon][contain]") {
    ContainmentWorld world;
    world.ledger.disk_full = true;
    world.keys.away = worker_away;
    const auto answer = world.as_operator(handlers::revoke, ContainmentWorld::bot);
    REQUIRE(answer);
    CHECK(answer->status == 503);
    CHECK(answer->content_type == "application/problem+json");
    CHECK(text_at(json_of(answer), {"code"}) == "not_durable");
    CHECK(text_at(json_of(answer), {"stages", "memory"}) == "done");
    CHECK(text_at(json_of(answer), {"stages", "fuse"}) == "pending");
    CHECK(world.state() == AgentState::revoked);
    CHECK(world.row().pending == "ledger fuse");
}

TEST_CASE("suspend: on a failed disk is 503", "[daemon][contain]") {
    ContainmentWorld world;
    world.ledger.disk_full = true;
    const auto answer = world.as_operator(handlers::suspend, ContainmentWorld::bot);
    REQUIRE(answer);
    CHECK(answer->status == 503);
    CHECK(world.state() == AgentState::suspended);
}

TEST_CASE("suspend: what the registry could not write is kept, and written later",
          "[daemon][contain]") {
    ContainmentWorld world;
    std::optional<Result<daemon::Answer>> answer;
    {
        const FullDisk full;
        answer = world.as_operator(handlers::suspend, ContainmentWorld::bot);
    }
    REQUIRE(*answer);
    CHECK((*answer)->status == 503);  // a restart would undo it
    CHECK(text_at(json_of(*answer), {"stages", "registry"}) == "pending");
    CHECK(world.state() == AgentState::suspended);
    CHECK(world.row().state == AgentState::active);
    CHECK(reason_of(world.as_operator(handlers::reinstate, ContainmentWorld::bot, "",
                                      "login:1001")) == "unsettled");
    CHECK(handlers::unsettled(world.services));

    REQUIRE(world.settle());
    CHECK(world.row().state == AgentState::suspended);
    CHECK_FALSE(handlers::unsettled(world.services));
}

TEST_CASE("revoke: a chip without room for a fuse says host_only, not done", "[daemon][contain]") {
    ContainmentWorld world;
    world.keys.fuse_refuses = Error(Code::conflict, "no fuse").because("fuse_host_only");
    const auto answer = world.as_operator(handlers::revoke, ContainmentWorld::bot);
    REQUIRE(answer);
    CHECK(text_at(json_of(answer), {"stages", "fuse"}) == "host_only");
    CHECK(world.row().pending.empty());
}

TEST_CASE("suspend: a revoked or retired agent has nothing to suspend", "[daemon][contain]") {
    ContainmentWorld world;
    REQUIRE(world.as_operator(handlers::revoke, ContainmentWorld::bot));
    const auto answer = world.as_operator(handlers::suspend, ContainmentWorld::bot);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code() == Code::conflict);
    CHECK(answer.error().reason() == "agent_revoked");
    CHECK(world.state() == AgentState::revoked);
}

TEST_CASE("retire: from any state blows the fuse, then deletes the blob", "[daemon][contain]") {
    ContainmentWorld world;
    const auto before = GENERATE(daemon::Handler{nullptr}, daemon::Handler{handlers::suspend},
                                 daemon::Handler{handlers::revoke});
    if (before != nullptr) REQUIRE(world.as_operator(before, ContainmentWorld::bot));
    const auto answer = world.as_operator(handlers::retire, ContainmentWorld::bot);
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(text_at(json_of(answer), {"stages", "blob"}) == "done");
    CHECK(world.row().state == AgentState::retired);
    CHECK(world.row().pending.empty());
    CHECK(world.keys.keys.empty());
    CHECK_FALSE(world.agents.contains(ContainmentWorld::bot));
    auto calls = world.keys.calls;
    std::erase(calls, "sign ca");  // its tombstone
    CHECK(calls.back() == "flush_sessions ");
    CHECK(calls[calls.size() - 2] == "destroy agent-deploy-bot-1");
    CHECK(calls[calls.size() - 3] == "blow_fuse agent-deploy-bot-1");
}

TEST_CASE("retire: the blob stays until its fuse is blown, then goes by itself",
          "[daemon][contain]") {
    ContainmentWorld world;
    world.keys.away = worker_away;
    REQUIRE(world.as_operator(handlers::retire, ContainmentWorld::bot));
    CHECK(world.keys.count("destroy") == 0);
    CHECK(world.row().pending == "fuse blob");
    world.keys.away.reset();
    REQUIRE(world.settle());
    CHECK(world.keys.keys.empty());
    CHECK(world.row().pending.empty());
}

TEST_CASE("containment: unknown names are not found, and nothing happens", "[daemon][contain]") {
    ContainmentWorld world;
    const auto handler = GENERATE(daemon::Handler{handlers::suspend}, handlers::reinstate,
                                  handlers::revoke, handlers::retire, handlers::show_agent);
    const auto answer = world.as_operator(handler, "nobody");
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code() == Code::not_found);
    CHECK(answer.error().reason() == "unknown_agent");
    CHECK(world.keys.calls.empty());
    CHECK(world.ledger.records.empty());
}

TEST_CASE("containment: what could not be finished is finished at start, before serving",
          "[daemon][contain]") {
    ContainmentWorld world;
    daemon::AgentRow row = world.row();
    row.state = AgentState::revoked;
    row.pending = "ledger fuse";
    REQUIRE(world.registry.put(row));
    world.containment = {};
    REQUIRE(run_async(world.loop, handlers::start(world.services)));
    CHECK(world.state() == AgentState::revoked);
    CHECK(world.keys.blown.contains("agent-deploy-bot-1"));
    CHECK(world.row().pending.empty());
    CHECK(world.ledger.count("containment") == 1);
    CHECK(world.ledger.records.back().type == "start");
}

TEST_CASE("suspend: a credential made before it is not used after it", "[daemon][contain]") {
    ContainmentWorld world;
    REQUIRE(world.as_agent(handlers::credential, ""));
    REQUIRE(world.as_operator(handlers::suspend, ContainmentWorld::bot, "", "login:1000"));
    REQUIRE(world.as_operator(handlers::reinstate, ContainmentWorld::bot, "", "login:1001"));
    REQUIRE(world.as_agent(handlers::credential, ""));
    CHECK(world.issuer.issued == 2);
}
