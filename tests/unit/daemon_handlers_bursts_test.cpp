// Triggers on what agents do: refusals in a burst, limits passed, other code.
#include "daemon/handlers/limits.h"
#include "tests/support/limit_samples.h"
#include "tests/support/running_world.h"
#include "tests/support/trigger_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;

namespace {

constexpr const char* forbidden = "payroll.read";

struct DenialWorld : TriggerWorld {
    DenialWorld() { rules().denial_burst = policy::Burst{suspends, 3, 60}; }
};

// One refund in an hour.
struct LimitedWorld : TriggerWorld {
    LimitedWorld() {
        agents[bot].limits = {count_limit("one", 1, 3600)};
        services.limits.count =
            [](policy::DeclaredLimits declared) -> daemon::Async<policy::Limits> {
            co_return policy::Limits(declared);
        };
        handlers::take_declared_limits(services);
        (void)run_async(loop, handlers::count_limits(services));
        rules().limit_exceeded = policy::Burst{suspends, 2, 60};
    }
};

struct DriftWorld : TriggerWorld {
    DriftWorld() { rules().measurement_drift = suspends; }
    void change_code() {
        code_is_the_same = Error(Code::denied, "changed").because("measurement_changed");
    }
};

}  // namespace

TEST_CASE("denial burst: the last one of it stops the agent", "[daemon][triggers]") {
    DenialWorld world;
    CHECK(world.sign(forbidden) == "action_not_allowed");
    CHECK(world.sign() == "signed");
    CHECK(world.sign(forbidden) == "action_not_allowed");
    CHECK(world.state() == "active");
    CHECK(world.sign(forbidden) == "action_not_allowed");
    CHECK(world.state() == "suspended");
    CHECK(world.by() == "trigger:denial_burst");
    CHECK(world.why() == "3 refusals within 60 s, the last one action_not_allowed");
    CHECK(world.ledger.count("refused") == 3);
    CHECK(world.sign() == "agent_suspended");
}

TEST_CASE("denial burst: refusals that lie too far apart are none", "[daemon][triggers]") {
    DenialWorld world;
    for (int i = 0; i < 10; ++i) {
        CHECK(world.sign(forbidden) == "action_not_allowed");
        world.steady += 31;
    }
    CHECK(world.state() == "active");
    // The wall clock says nothing here: whoever can set it can wait as well.
    world.time += 1'000'000;
    CHECK(world.sign(forbidden) == "action_not_allowed");
    CHECK(world.state() == "active");
    CHECK(world.sign(forbidden) == "action_not_allowed");
    CHECK(world.state() == "suspended");
}

TEST_CASE("denial burst: after it was reinstated the count begins anew", "[daemon][triggers]") {
    DenialWorld world;
    for (int i = 0; i < 3; ++i)
        (void)world.sign(forbidden);
    CHECK(world.reinstate() == "active");
    CHECK(world.sign(forbidden) == "action_not_allowed");
    CHECK(world.sign(forbidden) == "action_not_allowed");
    CHECK(world.state() == "active");
    CHECK(world.sign(forbidden) == "action_not_allowed");
    CHECK(world.state() == "suspended");
}

TEST_CASE("denial burst: counts what the ledger only sums", "[daemon][triggers]") {
    DenialWorld world;
    const std::int64_t many = std::int64_t{daemon::refusals_per_agent} + 5;
    world.rules().denial_burst = policy::Burst{suspends, many, 60};
    for (std::int64_t i = 0; i < many - 1; ++i)
        (void)world.sign(forbidden);
    CHECK(world.state() == "active");
    (void)world.sign(forbidden);
    CHECK(world.state() == "suspended");
}

TEST_CASE("denial burst: what nobody judged is no denial", "[daemon][triggers]") {
    DenialWorld world;
    world.rules().denial_burst = policy::Burst{{"revoke", {}}, 1, 60};
    REQUIRE(world.as_operator(handlers::suspend, HandlerWorld::bot));
    CHECK(world.sign(forbidden) == "agent_suspended");
    CHECK(world.reinstate("login:2000") == "active");
    REQUIRE(world.as_operator(handlers::throttle, HandlerWorld::bot, R"({"rate":1})"));
    CHECK(world.sign() == "signed");
    CHECK(world.sign() == "agent_throttled");
    world.code_is_the_same = Error(Code::denied, "gone").because("caller_gone");
    CHECK(world.sign() != "signed");
    CHECK(world.ledger.count("trigger") == 0);
}

TEST_CASE("denial burst: a child that is gone by then was refused all the same",
          "[daemon][triggers]") {
    DenialWorld world;
    world.code_is_the_same = Error(Code::denied, "gone").because("caller_gone");
    for (int i = 0; i < 3; ++i)
        CHECK(world.sign(forbidden) == "action_not_allowed");
    CHECK(world.state() == "suspended");
}

TEST_CASE("denial burst: who polls for an approval does as it is told", "[daemon][triggers]") {
    DenialWorld world;
    const auto refused = [&](const char* reason) {
        daemon::Call call{world.peer, &world.callers[HandlerWorld::bot], "", "", "", {}};
        handlers::note_refusal(world.services, call,
                               {"action", {}, Error(Code::denied, "refused").because(reason)});
        world.run_ready();
    };
    for (const char* reason : {"approval_pending", "caller_gone", "measurement_changed",
                               "instance_over", "unrecognised_caller", "limit_blocks_unavailable"})
        for (int i = 0; i < 3; ++i)
            refused(reason);
    CHECK(world.state() == "active");
    // Who goes on after a person said no does not.
    for (int i = 0; i < 3; ++i)
        refused("approval_denied");
    CHECK(world.state() == "suspended");
}

TEST_CASE("limit exceeded: so many times within its time", "[daemon][triggers]") {
    LimitedWorld world;
    CHECK(world.sign() == "signed");
    CHECK(world.sign() == "limit_exceeded");
    CHECK(world.state() == "active");
    CHECK(world.sign() == "limit_exceeded");
    CHECK(world.state() == "suspended");
    CHECK(world.by() == "trigger:limit_exceeded");
    CHECK(world.why() == "2 refusals within 60 s, the last one limit_exceeded");
}

TEST_CASE("limit exceeded: limits and policy are counted apart", "[daemon][triggers]") {
    LimitedWorld world;
    world.rules().denial_burst = policy::Burst{suspends, 2, 60};
    CHECK(world.sign() == "signed");
    CHECK(world.sign() == "limit_exceeded");
    CHECK(world.sign(forbidden) == "action_not_allowed");
    CHECK(world.state() == "active");
    CHECK(world.sign(forbidden) == "action_not_allowed");
    CHECK(world.by() == "trigger:denial_burst");
}

TEST_CASE("drift: other code behind a call stops the agent", "[daemon][triggers]") {
    DriftWorld world;
    world.change_code();
    CHECK(world.sign() == "measurement_changed");
    CHECK(world.state() == "suspended");
    CHECK(world.by() == "trigger:measurement_drift");
    CHECK(world.why() == "measurement_changed, instance instance-1");
}

TEST_CASE("drift: a caller that is gone is not other code, nor is a file that changed",
          "[daemon][triggers]") {
    DriftWorld world;
    world.code_is_the_same = Error(Code::denied, "gone").because("caller_gone");
    CHECK(world.sign() == "caller_gone");
    world.agents[HandlerWorld::bot].executable.fill(0x11);
    CHECK(world.sign() == "measurement_mismatch");
    CHECK(world.state() == "active");
}

TEST_CASE("drift: a launched agent that maps a library late is measured again first",
          "[daemon][triggers]") {
    DriftWorld world;
    world.agents[HandlerWorld::bot].launch = policy::Launch{};
    world.callers[HandlerWorld::bot].view.measurement.assurance = Assurance::launched;
    world.change_code();
    CHECK(world.sign() == "measurement_changed");
    CHECK(world.state() == "active");
}

TEST_CASE("drift: a launched instance whose session is over stops its agent",
          "[daemon][triggers]") {
    for (const bool by_exec : {false, true}) {
        RunningWorld world;
        world.agents[RunningWorld::bot].triggers.measurement_drift = suspends;
        world.run("aa");
        world.run("bb");
        if (by_exec)
            CHECK(world.hear(daemon::LaunchNotice::Kind::exec_refused, "aa"));
        else
            CHECK(world.change("aa"));
        world.run_ready();
        CHECK_FALSE(world.containment.allows(RunningWorld::bot));
        CHECK(world.registry.find(RunningWorld::bot)->changed_by == "trigger:measurement_drift");
        // An instance that ends does nothing wrong.
        RunningWorld other;
        other.agents[RunningWorld::bot].triggers.measurement_drift = suspends;
        other.run("aa");
        CHECK(other.hear(daemon::LaunchNotice::Kind::ended, "aa"));
        CHECK(other.containment.allows(RunningWorld::bot));
    }
}
