// Triggers by what the ledger knows: audiences, the clock, heartbeats; and what a restart makes of
// it.
#include "daemon/state/trigger_fold.h"
#include "tests/support/catch.h"
#include "tests/support/trigger_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;

namespace {

const policy::Threshold learns_two{suspends, 2};

std::string to(const std::string& host) {
    return "https://" + host + ".example";
}

struct TimeWorld : TriggerWorld {
    std::string sign_to(const std::string& whom) { return sign("refund.create", to(whom)); }
    // As after kill -9: nothing but the fake ledger's records, each of the moment `recorded`.
    void start_again(std::int64_t recorded) {
        auto beside = services.triggers.beside;
        services.triggers = {};
        services.triggers.beside = std::move(beside);
        services.triggers.steady = [this] { return steady; };
        daemon::TriggerFold fold(services.triggers);
        std::uint64_t index = 0;
        for (const auto& record : ledger.records)
            fold.take({record.type, recorded, index++, record.members});
        handlers::begin_triggers(services);
        run_ready();
    }
    void pass(std::int64_t seconds) {
        time += seconds;
        steady += seconds;
    }
    std::string heartbeat() { return reason_of(as_operator(handlers::heartbeat, "")); }
    void look() {
        handlers::check_heartbeats(services);
        run_ready();
    }
};

struct WaitingWorld : TimeWorld {
    WaitingWorld() {
        rules().heartbeat = policy::Threshold{suspends, 60};
        handlers::take_declared_triggers(services, {{bot, "created", "active"}});
    }
};

}  // namespace

TEST_CASE("novel audience: the first ones are free, the next one is not signed",
          "[daemon][triggers]") {
    TimeWorld world;
    world.rules().novel_audience = learns_two;
    CHECK(world.sign_to("a") == "signed");
    CHECK(world.sign_to("b") == "signed");
    CHECK(world.sign_to("a") == "signed");
    world.keys.calls.clear();
    CHECK(world.sign_to("c") == "novel_audience");
    CHECK(world.signatures() == 0);
    CHECK(world.ledger.count("action") == 3);
    CHECK(world.state() == "suspended");
    CHECK(world.by() == "trigger:novel_audience");
    CHECK(world.why() == "audience https://c.example after 2 others");
    // Reinstated, it is still new to the agent; what it knew it knows.
    CHECK(world.reinstate() == "active");
    CHECK(world.sign_to("b") == "signed");
    CHECK(world.sign_to("c") == "novel_audience");
}

TEST_CASE("novel audience: two at once do not share the last free one", "[daemon][triggers]") {
    TimeWorld world;
    world.rules().novel_audience = policy::Threshold{{"throttle", 600}, 1};
    const auto asks = [&](const std::string& host) {
        return world.begin_as_agent(handlers::sign_action,
                                    R"({"action":"refund.create","audience":")" + to(host) + "\"}");
    };
    world.keys.hold();
    const auto first = asks("a");
    const auto second = asks("b");
    world.run_ready();
    world.keys.let_go();
    const auto one = world.finish(first);
    const auto other = world.finish(second);
    CHECK((one.has_value() ? reason_of(other) : reason_of(one)) == "novel_audience");
    CHECK(world.ledger.count("action") == 1);
}

TEST_CASE("novel audience: what policy refuses teaches nothing, and sets nothing off",
          "[daemon][triggers]") {
    TimeWorld world;
    world.rules().novel_audience = policy::Threshold{suspends, 0};
    CHECK(world.sign("payroll.read", to("a")) == "action_not_allowed");
    CHECK(world.state() == "active");
    CHECK(world.sign_to("a") == "novel_audience");
}

TEST_CASE("novel audience: a restart knows what was signed before it", "[daemon][triggers]") {
    TimeWorld world;
    CHECK(world.sign_to("a") == "signed");
    CHECK(world.sign_to("b") == "signed");
    world.start_again(world.time);
    world.rules().novel_audience = learns_two;
    CHECK(world.sign_to("a") == "signed");
    CHECK(world.sign_to("c") == "novel_audience");
}

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

TEST_CASE("trigger fold: a record that cannot be read teaches nothing", "[daemon][triggers]") {
    daemon::TriggerMemory memory;
    daemon::TriggerFold fold(memory);
    encode::Json::Object statement{{"agent", "spiffe://host.test/agent/bot"},
                                   {"audience", "https://a"}};
    const auto action = [](encode::Json::Object of) {
        encode::Json::Object members;
        members["statement"] = std::move(of);
        return members;
    };
    auto nobody = statement;
    nobody["agent"] = "bot";
    auto nowhere = statement;
    nowhere["audience"] = 7;
    fold.take({"action", 10, 0, action(nobody)});
    fold.take({"action", 10, 1, action(nowhere)});
    fold.take({"action", 10, 2, {}});
    fold.take({"agent", 10, 3, {}});
    CHECK(memory.audiences.count("bot") == 0);
    fold.take({"action", 20, 4, action(statement)});
    CHECK(memory.audiences.count("bot") == 1);
    CHECK_FALSE(memory.clock.goes_on(19));
    CHECK(memory.clock.goes_on(20));
}
