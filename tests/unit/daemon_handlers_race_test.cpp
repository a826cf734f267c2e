// A stop against everything an agent or an operator may have under way: at each point at which an
// operation waits, the stop comes and is carried out before the operation goes on. The stop wins.
#include "daemon/front/release_gate.h"
#include "tests/support/catch.h"
#include "tests/support/handler_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;
using daemon::AgentState;

namespace {

struct RaceWorld : HandlerWorld {
    PausePoint pause{loop};
    RaceWorld() {
        write_agent_file(bot);
        declare(bot);
        keys.pause = &pause;
        ledger.pause = &pause;
        issuer.pause = &pause;
    }
    const daemon::AgentRow& row() const { return *registry.find(bot); }

    bool is_withheld(std::uint64_t sequence) const {
        const encode::Json wanted(static_cast<std::int64_t>(sequence));
        for (const auto& record : ledger.records)
            if (record.type == "withheld" && record.members.at("sequence") == wanted) return true;
        return false;
    }
    // What the connection does with an answer: nothing leaves whose agent is stopped.
    bool leaves(const Result<daemon::Answer>& answer) {
        if (!answer || answer->gated_agent.empty()) return false;
        daemon::ReleaseGate gate(containment, answer->gated_agent, "instance-1");
        const Done open = gate.may_send();
        if (!open && answer->sequence)
            (void)run_async(loop, handlers::record_withheld(services, *answer->sequence,
                                                            open.error().reason()));
        return open.has_value();
    }
    // Every action in the ledger is one that nobody has.
    void check_nothing_released() {
        for (std::size_t i = 0; i < ledger.records.size(); ++i) {
            INFO("record " << i << ": " << ledger.records[i].type);
            if (ledger.records[i].type == "action") CHECK(is_withheld(i));
        }
    }
};

using Begin = Pending<daemon::Answer> (*)(RaceWorld& world);

Pending<daemon::Answer> begin_sign(RaceWorld& world) {
    return world.begin_as_agent(
        handlers::sign_action,
        R"({"action":"refund.create","audience":"https://payments.example"})");
}
Pending<daemon::Answer> begin_credential(RaceWorld& world) {
    return world.begin_as_agent(handlers::credential, "");
}
Pending<daemon::Answer> begin_evidence(RaceWorld& world) {
    return world.begin_as_agent(handlers::evidence,
                                R"({"nonce":"AAAAAAAAAAAAAAAAAAAAAA","verifier":"v"})");
}
// A changed file, and a second agent that is new.
Pending<daemon::Answer> begin_apply(RaceWorld& world) {
    world.write_agent_file(RaceWorld::bot, "staging");
    world.write_agent_file("second-bot");
    return world.begin_as_operator(handlers::apply, "");
}
Pending<daemon::Answer> begin_vanish(RaceWorld& world) {
    std::filesystem::remove(world.settings.agents_dir + "/deploy-bot.toml");
    world.write_agent_file("second-bot");
    return world.begin_as_operator(handlers::apply, "");
}
// The worker is replaced while it signs: this call fails, the next one finds a new worker.
Pending<daemon::Answer> begin_sign_and_lose_the_worker(RaceWorld& world) {
    auto signing = begin_sign(world);
    world.keys.away = Error(Code::unavailable, "being replaced", Retry::later);
    return signing;
}

struct Stop {
    const char* name;
    daemon::Handler handler;
    const char* argument;
    const char* body;
    AgentState agent;
};

constexpr const char* whole_host = R"({"verb":"kill","host":true})";
constexpr const char* environment_of_all = R"({"verb":"revoke","sponsor":"finance@example.org"})";

// False: the operation ends before it waits so often.
bool race(const char* operation, Begin begin, const Stop& stop, int point) {
    RaceWorld world;
    world.pause.hold_call(point);
    const auto pending = begin(world);
    world.run_ready();
    if (!world.pause.is_holding()) return false;
    INFO(operation << " held at " << point << ", " << world.pause.where() << ", against "
                   << stop.name);
    const auto stopped = world.as_operator(stop.handler, stop.argument, stop.body, "login:9");
    REQUIRE(stopped);
    CHECK(stopped->status == 200);

    world.keys.away.reset();
    world.pause.let_go();
    const auto answer = world.finish(pending);
    CHECK_FALSE(world.leaves(answer));
    CHECK_FALSE(world.containment.allows(RaceWorld::bot));
    CHECK(world.containment.state_of(RaceWorld::bot) == stop.agent);
    CHECK(world.row().state == stop.agent);
    world.check_nothing_released();
    REQUIRE(run_async(world.loop, handlers::settle(world.services)));
    CHECK(world.row().state == stop.agent);
    CHECK(world.row().pending.empty());
    if (stop.agent == AgentState::revoked) CHECK(world.keys.blown.contains("agent-deploy-bot-1"));
    // Nothing that began before the stop opens anything after it.
    CHECK_FALSE(world.as_agent(handlers::credential, ""));
    return true;
}

}  // namespace

TEST_CASE("race: at whichever point an operation waits, the stop that comes wins",
          "[daemon][contain][race]") {
    const auto stop =
        GENERATE(Stop{"revoke", handlers::revoke, RaceWorld::bot, "", AgentState::revoked},
                 Stop{"suspend", handlers::suspend, RaceWorld::bot, "", AgentState::suspended},
                 Stop{"kill of the host", handlers::contain, "", whole_host, AgentState::active},
                 Stop{"revoke of a sponsor", handlers::contain, "", environment_of_all,
                      AgentState::revoked});
    struct Operation {
        const char* name;
        Begin begin;
        int least;  // points at which it waits: fewer, and the table would prove less than it says
    };
    const auto operation =
        GENERATE(Operation{"sign", begin_sign, 5}, Operation{"credential", begin_credential, 2},
                 Operation{"evidence", begin_evidence, 5}, Operation{"apply", begin_apply, 4},
                 Operation{"sign, and the worker is replaced", begin_sign_and_lose_the_worker, 1});
    int points = 0;
    while (points < 32 && race(operation.name, operation.begin, stop, points))
        ++points;
    INFO(operation.name);
    CHECK(points >= operation.least);
}

TEST_CASE("race: a file that vanishes meanwhile makes no suspension of a revocation",
          "[daemon][contain][race]") {
    const Stop stop{"revoke", handlers::revoke, RaceWorld::bot, "", AgentState::revoked};
    int points = 0;
    while (points < 32 && race("vanish", begin_vanish, stop, points))
        ++points;
    CHECK(points >= 3);
}

TEST_CASE("race: without a stop each of these operations ends well", "[daemon][contain][race]") {
    const auto begin = GENERATE(Begin{begin_sign}, begin_credential, begin_evidence, begin_apply);
    RaceWorld world;
    const auto pending = begin(world);
    CHECK(world.finish(pending));
}

TEST_CASE("race: a stop while a reinstatement waits for its record wins",
          "[daemon][contain][race]") {
    RaceWorld world;
    REQUIRE(world.as_operator(handlers::suspend, RaceWorld::bot, "", "login:1"));
    world.pause.hold_call(0);
    const auto pending =
        world.begin_as_operator(handlers::reinstate, RaceWorld::bot, "", "login:2");
    world.run_ready();
    REQUIRE(world.pause.where() == "append containment");
    REQUIRE(world.as_operator(handlers::revoke, RaceWorld::bot, "", "login:3"));
    world.pause.let_go();
    CHECK(reason_of(world.finish(pending)) == "stopped_meanwhile");
    CHECK(world.row().state == AgentState::revoked);
}
