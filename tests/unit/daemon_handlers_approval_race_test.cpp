// A stop against an approval, wherever that waits: asked for, given, waited for or used.
#include "tests/support/approval_world.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;
using daemon::AgentState;

namespace {

struct RacingApproval : ApprovalWorld {
    PausePoint pause{loop};
    RacingApproval() {
        keys.pause = &pause;
        ledger.pause = &pause;
        issuer.pause = &pause;
    }
    bool is_withheld(std::size_t sequence) const {
        const encode::Json wanted(static_cast<std::int64_t>(sequence));
        for (const auto& record : ledger.records)
            if (record.type == "withheld" && record.members.at("sequence") == wanted) return true;
        return false;
    }
};

// Each begins its operation from the same id of an approval that carol and dave have given.
using Begin = Pending<daemon::Answer> (*)(RacingApproval& world, const std::string& id);

Pending<daemon::Answer> begin_asking(RacingApproval& world, const std::string&) {
    return world.begin_as_agent(handlers::sign_action, ApprovalWorld::refund);
}
Pending<daemon::Answer> begin_using(RacingApproval& world, const std::string& id) {
    return world.begin_as_agent(handlers::sign_action, ApprovalWorld::with(id));
}
Pending<daemon::Answer> begin_denying(RacingApproval& world, const std::string& id) {
    return world.begin_as_operator(handlers::deny, id, R"({"reason":"no"})");
}

// False: the operation ends before it waits so often.
bool race(Begin begin, daemon::Handler stop, AgentState state, int point) {
    RacingApproval world;
    const std::string id = world.approved();
    world.pause.hold_call(point);
    const auto pending = begin(world, id);
    world.run_ready();
    if (!world.pause.is_holding()) return false;
    INFO("held at " << point << ", " << world.pause.where());
    REQUIRE(world.as_operator(stop, ApprovalWorld::bot, "", "login:9"));
    world.pause.let_go();
    const auto answer = world.finish(pending);
    // A signature that is made all the same is one that the release gate stops.
    if (answer && !answer->gated_agent.empty())
        CHECK_FALSE(world.containment.allows(answer->gated_agent));
    CHECK(world.containment.state_of(ApprovalWorld::bot) == state);
    for (std::size_t i = 0; i < world.ledger.records.size(); ++i)
        if (world.ledger.records[i].type == "action") CHECK(world.is_withheld(i));
    // What was given before is good for nothing, also when it may act again.
    CHECK_FALSE(world.use(id));
    if (state == AgentState::revoked) return true;
    REQUIRE(world.as_operator(handlers::reinstate, ApprovalWorld::bot, "", "login:2000"));
    CHECK(reason_of(world.use(id)) == "unknown_approval");
    return true;
}

}  // namespace

TEST_CASE("race: at whichever point an approval waits, the stop that comes wins",
          "[daemon][contain][approvals][race]") {
    struct Operation {
        const char* name;
        Begin begin;
        int least;  // points at which it waits: fewer, and the table would prove less than it says
    };
    const auto operation =
        GENERATE(Operation{"asking", begin_asking, 1}, Operation{"using", begin_using, 3},
                 Operation{"denying", begin_denying, 1});
    const bool for_good = GENERATE(false, true);
    INFO(operation.name);
    const daemon::Handler stop = for_good ? handlers::revoke : handlers::suspend;
    const AgentState state = for_good ? AgentState::revoked : AgentState::suspended;
    int points = 0;
    while (points < 32 && race(operation.begin, stop, state, points))
        ++points;
    CHECK(points >= operation.least);
}

TEST_CASE("race: who waits for an approval hears of a stop", "[daemon][contain][approvals][race]") {
    ApprovalWorld world;
    const std::string id = world.ask();
    const auto waiting = world.begin_wait(id, 60);
    world.run_ready();
    REQUIRE(world.as_operator(handlers::revoke, ApprovalWorld::bot));
    CHECK(reason_of(world.finish(waiting)) == "agent_revoked");
    CHECK_FALSE(world.approve(id, world.carol));
}
