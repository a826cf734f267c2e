// Triggers: what sets one off, and that it stops the agent as an operator would.
#include <algorithm>

#include "tests/support/catch.h"
#include "tests/support/trigger_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;

namespace {

struct CanaryWorld : TriggerWorld {
    explicit CanaryWorld(policy::Reaction reaction = suspends, Anchored how = Anchored::no)
        : TriggerWorld(how) {
        rules().canary = policy::Canary{std::move(reaction), {"vault.export"}, false};
    }
};

std::size_t place_of(const FakeLedger& ledger, std::string_view type) {
    const auto found =
        std::ranges::find(ledger.records, type, [](const auto& record) { return record.type; });
    return static_cast<std::size_t>(found - ledger.records.begin());
}

}  // namespace

TEST_CASE("canary: asking for it stops the agent before the chip is asked", "[daemon][triggers]") {
    CanaryWorld world;
    CHECK(world.sign() == "signed");
    world.keys.calls.clear();
    CHECK(world.sign("vault.export") == "canary_used");
    CHECK(world.state() == "suspended");
    CHECK(world.by() == "trigger:canary");
    CHECK(world.why() == "action vault.export was asked for");
    CHECK(world.signatures() == 0);
    CHECK(world.beside_says);
    const auto record = world.newest("trigger");
    CHECK(text_at(record, {"agent"}) == "deploy-bot");
    CHECK(text_at(record, {"trigger"}) == "canary");
    CHECK(text_at(record, {"seen"}) == "action vault.export was asked for");
    CHECK(text_at(record, {"then"}) == "suspend");
    CHECK(place_of(world.ledger, "trigger") < place_of(world.ledger, "containment"));
    CHECK(text_at(world.newest("containment"), {"by"}) == "trigger:canary");
    CHECK(text_at(world.newest("containment"), {"reason"}) == "action vault.export was asked for");
    CHECK(text_at(world.newest("refused"), {"reason"}) == "canary_used");
    CHECK(world.sign() == "agent_suspended");
}

TEST_CASE("canary: whatever policy says of it", "[daemon][triggers]") {
    CanaryWorld world;
    world.permit("vault", "vault.export");
    CHECK(world.sign("vault.export") == "canary_used");
    CHECK(world.state() == "suspended");
}

TEST_CASE("canary: only the very action, and only where it is declared", "[daemon][triggers]") {
    CanaryWorld world;
    CHECK(world.sign("vault.export.all") == "action_not_allowed");
    CHECK(world.state() == "active");
    world.rules() = {};
    CHECK(world.sign("vault.export") == "action_not_allowed");
    CHECK(world.state() == "active");
    CHECK(world.works_beside == 0);
}

TEST_CASE("canary key: any use of it is one", "[daemon][triggers]") {
    const auto with_key = [](TriggerWorld& world) {
        world.rules().canary = policy::Canary{suspends, {}, true};
    };
    {
        TriggerWorld world;
        with_key(world);
        CHECK(world.sign() == "canary_used");
        CHECK(world.state() == "suspended");
    }
    {
        TriggerWorld world;
        with_key(world);
        CHECK(reason_of(world.as_agent(handlers::credential, "")) == "canary_used");
        CHECK(world.state() == "suspended");
    }
    TriggerWorld world;
    with_key(world);
    const char* asked = R"({"nonce":"AAECAwQFBgcICQoLDA0ODw","verifier":"v"})";
    CHECK(reason_of(world.as_agent(handlers::evidence, asked)) == "canary_used");
    CHECK(world.state() == "suspended");
    CHECK(world.signatures() + world.keys.count("attest") == 0);
}

TEST_CASE("trigger: does what its verb does", "[daemon][triggers]") {
    {
        CanaryWorld world({"throttle", 3});
        CHECK(world.sign("vault.export") == "canary_used");
        CHECK(world.state() == "throttled");
        CHECK(world.containment.demand_of(HandlerWorld::bot).rate == 3);
        CHECK(text_at(world.newest("containment"), {"rate"}) == "3");
    }
    {
        CanaryWorld world({"approval-only", {}});
        CHECK(world.sign("vault.export") == "canary_used");
        CHECK(world.state() == "approval_only");
    }
    {
        CanaryWorld world({"kill", {}});
        CHECK(world.sign("vault.export") == "canary_used");
        CHECK(text_at(world.newest("containment"), {"verb"}) == "kill");
    }
    CanaryWorld world({"revoke", {}});
    CHECK(world.sign("vault.export") == "canary_used");
    CHECK(world.state() == "revoked");
    CHECK(world.keys.blown.size() == 1);
    CHECK(world.registry.find(HandlerWorld::bot)->pending.empty());
}

TEST_CASE("trigger: the anchor counter is advanced, once for each stop", "[daemon][triggers]") {
    CanaryWorld world({"throttle", 3}, HandlerWorld::Anchored::yes);
    const auto before = world.anchor.view().counter;
    CHECK(world.sign("vault.export") == "canary_used");
    CHECK(world.anchor.view().counter == before + 1);
    // It is throttled already: each further one is refused, and costs the chip nothing.
    CHECK(world.sign("vault.export") == "canary_used");
    CHECK(world.anchor.view().counter == before + 1);
    CHECK(world.ledger.count("trigger") == 1);
    CHECK(world.ledger.count("refused") == 2);
}

TEST_CASE("trigger: never loosens what an operator said", "[daemon][triggers]") {
    CanaryWorld world({"throttle", 60});
    CHECK(world.as_operator(handlers::throttle, HandlerWorld::bot, R"({"rate":6})"));
    CHECK(world.sign("vault.export") == "canary_used");
    CHECK(world.containment.demand_of(HandlerWorld::bot).rate == 6);
    CHECK(world.ledger.count("trigger") == 0);
    world.rules().canary->reaction.rate = 5;
    CHECK(world.sign("vault.export") == "canary_used");
    CHECK(world.containment.demand_of(HandlerWorld::bot).rate == 5);
    CHECK(world.as_operator(handlers::approval_only, HandlerWorld::bot));
    CHECK(world.sign("vault.export") == "canary_used");
    CHECK(world.state() == "approval_only");
    CHECK(world.ledger.count("trigger") == 1);
}

TEST_CASE("trigger: any operator reinstates, unless one of them made it theirs",
          "[daemon][triggers]") {
    CanaryWorld world;
    CHECK(world.sign("vault.export") == "canary_used");
    CHECK(world.reinstate("login:7") == "active");
    CHECK(world.sign() == "signed");
    CHECK(world.sign("vault.export") == "canary_used");
    // A trigger is nobody: two people are needed from here on.
    CHECK(world.as_operator(handlers::suspend, HandlerWorld::bot, "", "login:7"));
    CHECK(world.reinstate("login:7") == "same_principal");
    CHECK(world.reinstate("login:8") == "active");
}

TEST_CASE("trigger: one that goes further than an operator does not free what they demanded",
          "[daemon][triggers]") {
    CanaryWorld world;
    CHECK(world.as_operator(handlers::throttle, HandlerWorld::bot, R"({"rate":6})", "login:7"));
    CHECK(world.sign("vault.export") == "canary_used");
    CHECK(world.state() == "suspended");
    CHECK(world.by() == "login:7");
    CHECK(world.why() == "trigger:canary: action vault.export was asked for");
    CHECK(text_at(world.newest("containment"), {"by"}) == "trigger:canary");
    CHECK(world.reinstate("login:7") == "same_principal");
    CHECK(world.reinstate("login:8") == "active");
    // Where a trigger demanded it, nobody did.
    world.rules().canary->reaction = {"throttle", 6};
    CHECK(world.sign("vault.export") == "canary_used");
    world.rules().canary->reaction = {"revoke", {}};
    CHECK(world.sign("vault.export") == "canary_used");
    CHECK(world.by() == "trigger:canary");
}

TEST_CASE("trigger: its record comes first, also when the disk lost both", "[daemon][triggers]") {
    CanaryWorld world;
    world.ledger.lose_batch = true;
    CHECK(handlers::fire(world.services, HandlerWorld::bot, policy::Trigger::canary, "seen"));
    world.run_ready();
    REQUIRE(world.ledger.count("trigger") == 1);
    REQUIRE(world.ledger.count("containment") == 1);
    CHECK(place_of(world.ledger, "trigger") < place_of(world.ledger, "containment"));
}

TEST_CASE("trigger: a disk that is full keeps nobody from being stopped", "[daemon][triggers]") {
    CanaryWorld world;
    world.ledger.disk_full = true;
    CHECK(world.sign("vault.export") == "canary_used");
    CHECK(world.state() == "suspended");
    CHECK_FALSE(world.beside_says);
    CHECK(handlers::unsettled(world.services));
    world.ledger.disk_full = false;
    CHECK(run_async(world.loop, handlers::settle(world.services)));
    CHECK(world.ledger.count("containment") == 1);
    CHECK_FALSE(handlers::unsettled(world.services));
}

TEST_CASE("trigger: what is seen is cut to what a reason may be", "[daemon][triggers]") {
    CanaryWorld world;
    CHECK(handlers::fire(world.services, HandlerWorld::bot, policy::Trigger::canary,
                         std::string(513, 'x')));
    world.run_ready();
    CHECK(world.why() == std::string(512, 'x'));
    CHECK_FALSE(handlers::fire(world.services, "nobody", policy::Trigger::canary, "x"));
}

TEST_CASE("trigger: what is signed meanwhile does not leave", "[daemon][triggers]") {
    CanaryWorld world;
    world.keys.hold();
    const auto under_way =
        world.begin_as_agent(handlers::sign_action,
                             R"({"action":"refund.create","audience":"https://payments.example"})");
    world.run_ready();
    (void)handlers::fire(world.services, HandlerWorld::bot, policy::Trigger::canary, "seen");
    world.keys.let_go();
    CHECK(reason_of(world.finish(under_way)) == "agent_suspended");
    CHECK(world.ledger.count("withheld") == 1);
}

TEST_CASE("trigger: operators see which ones an agent has", "[daemon][triggers]") {
    CanaryWorld world({"throttle", 3});
    const auto shown = json_of(world.as_operator(handlers::show_agent, HandlerWorld::bot));
    CHECK(text_at(shown, {"declared", "triggers"}) ==
          R"({"canary":{"actions":["vault.export"],"key":false,"rate":3,"then":"throttle"}})");
    world.rules() = {};
    const auto none = json_of(world.as_operator(handlers::show_agent, HandlerWorld::bot));
    CHECK(text_at(none, {"declared", "triggers"}) == "{}");
}
