// Triggers by what the ledger knows of audiences, and what a restart makes of records.
#include "tests/support/catch.h"
#include "tests/support/time_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;

namespace {

const policy::Threshold learns_two{suspends, 2};

std::string to(const std::string& host) {
    return "https://" + host + ".example";
}

struct AudienceWorld : TimeWorld {
    std::string sign_to(const std::string& whom) { return sign("refund.create", to(whom)); }
};

}  // namespace

TEST_CASE("novel audience: the first ones are free, the next one is not signed",
          "[daemon][triggers]") {
    AudienceWorld world;
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
    AudienceWorld world;
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
    AudienceWorld world;
    world.rules().novel_audience = policy::Threshold{suspends, 0};
    CHECK(world.sign("payroll.read", to("a")) == "action_not_allowed");
    CHECK(world.state() == "active");
    CHECK(world.sign_to("a") == "novel_audience");
}

TEST_CASE("novel audience: a restart knows what was signed before it", "[daemon][triggers]") {
    AudienceWorld world;
    CHECK(world.sign_to("a") == "signed");
    CHECK(world.sign_to("b") == "signed");
    world.start_again(world.time);
    world.rules().novel_audience = learns_two;
    CHECK(world.sign_to("a") == "signed");
    CHECK(world.sign_to("c") == "novel_audience");
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
    CHECK_FALSE(memory.clock.goes_on({19, 0}));
    CHECK(memory.clock.goes_on({20, 0}));
}
