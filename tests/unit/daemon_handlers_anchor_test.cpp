// Whoever restored the state directory of yesterday signs nothing with it; all else goes on.
#include "tests/support/catch.h"
#include "tests/support/handler_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;

namespace {

constexpr const char* an_action =
    R"({"action":"refund.create","audience":"https://payments.example","params":{"n":1}})";
constexpr const char* a_question =
    R"({"nonce":"AAAAAAAAAAAAAAAAAAAAAA","verifier":"https://verifier.example"})";

// Its counter was moved past the ledger, and the daemon has noticed.
struct Restored : HandlerWorld {
    Restored() : HandlerWorld(Anchored::yes) {
        declare(bot);
        keys.anchor.value = 60;
        CHECK_FALSE(run_async(loop, anchor.advance("interval", "daemon")));
        keys.calls.clear();
        ledger.records.clear();
    }
};

}  // namespace

TEST_CASE("anchor differs: no action is signed, and the chip is not asked to",
          "[daemon][handlers][anchor]") {
    Restored world;
    const auto answer = world.as_agent(handlers::sign_action, an_action);
    CHECK(reason_of(answer) == "anchor_differs");
    CHECK(answer.error().code() == Code::unavailable);
    CHECK(world.keys.calls.empty());
    CHECK(world.ledger.records.empty());
}

TEST_CASE("anchor differs: no credential is issued", "[daemon][handlers][anchor]") {
    Restored world;
    CHECK(reason_of(world.as_agent(handlers::credential, "")) == "anchor_differs");
    CHECK(world.keys.calls.empty());
    CHECK(world.ledger.count("credential") == 0);
}

TEST_CASE("anchor differs: no list says what a disk of before knows, and no tombstone",
          "[daemon][handlers][anchor][crl]") {
    Restored world;
    CHECK(reason_of(world.as_operator(handlers::crl, "")) == "anchor_differs");
    const auto revoked = world.as_operator(handlers::revoke, HandlerWorld::bot);
    CHECK(text_at(json_of(revoked), {"stages", "crl"}) == "pending");
    world.run_ready();
    CHECK(reason_of(world.as_operator(handlers::tombstone, HandlerWorld::bot)) == "anchor_differs");
    CHECK(world.keys.count("sign") == 0);
}

TEST_CASE("anchor differs: no evidence, which would take a new credential",
          "[daemon][handlers][anchor]") {
    Restored world;
    CHECK(reason_of(world.as_agent(handlers::evidence, a_question)) == "anchor_differs");
    CHECK(world.keys.calls.empty());
    CHECK(world.ledger.count("credential") == 0);
}

TEST_CASE("anchor differs: agents are still stopped, and status is still given",
          "[daemon][handlers][anchor]") {
    Restored world;
    CHECK(world.as_operator(handlers::suspend, HandlerWorld::bot));
    CHECK(world.containment.state_of(HandlerWorld::bot) == daemon::AgentState::suspended);
    CHECK(world.as_operator(handlers::status, ""));
}

TEST_CASE("anchor differs: status and its own route say so in plain words",
          "[daemon][handlers][anchor]") {
    Restored world;
    const auto status = json_of(world.as_operator(handlers::status, ""));
    CHECK(text_at(status, {"anchor", "state"}) == "differs");
    const auto shown = json_of(world.as_operator(handlers::anchor, ""));
    CHECK(text_at(shown, {"state"}) == "differs");
    CHECK(text_at(shown, {"counter"}) == "60");
    CHECK(text_at(shown, {"recorded"}) == "42");
    CHECK(text_at(shown, {"reason"}).find("older than this TPM knows") != std::string::npos);
}

TEST_CASE("anchor differs: accepted with a reason, signing goes on", "[daemon][handlers][anchor]") {
    Restored world;
    for (const char* body : {"", "{}", R"({"reason":""})", R"({"reason":"x","force":true})"})
        CHECK(world.as_operator(handlers::anchor_accept, "", body).error().code() == Code::invalid);
    const std::string longest = R"({"reason":")" + std::string(500, 'x') + R"("})";
    const std::string too_long = R"({"reason":")" + std::string(501, 'x') + R"("})";
    CHECK(world.as_operator(handlers::anchor_accept, "", too_long).error().code() == Code::invalid);
    CHECK_FALSE(world.anchor.holds());
    CHECK(text_at(json_of(world.as_operator(handlers::anchor_accept, "", longest)), {"state"}) ==
          "ready");
    CHECK(world.ledger.records.back().type == "anchor");
    CHECK(*world.ledger.records.back().members.at("by").string() == "login:1000");
    CHECK(world.as_agent(handlers::sign_action, an_action));
    CHECK(reason_of(world.as_operator(handlers::anchor_accept, "", longest)) == "anchor_holds");
}

TEST_CASE("anchor unread: nothing is signed before the chip has answered",
          "[daemon][handlers][anchor]") {
    HandlerWorld world;
    daemon::Anchor unread(world.loop.get_executor(), world.keys, world.ledger, 7);
    daemon::Services services{world.settings,
                              world.keys,
                              world.ledger,
                              unread,
                              world.registry,
                              world.containment,
                              world.credentials,
                              world.history,
                              world.crl,
                              world.refusals,
                              world.host,
                              world.instances,
                              world.launched,
                              world.launcher,
                              world.measurer,
                              world.agents,
                              world.operators,
                              world.now,
                              {}};
    services.policies = world.services.policies;
    world.declare(HandlerWorld::bot);
    const daemon::Call call{
        world.peer, &world.callers[HandlerWorld::bot], "", "", an_action, [] { return done(); }};
    CHECK(reason_of(run_async(world.loop, handlers::sign_action(services, call))) ==
          "anchor_unread");
    const daemon::Call asks{world.peer,           &world.callers[HandlerWorld::bot], "", "", "",
                            [] { return done(); }};
    CHECK(reason_of(run_async(world.loop, handlers::credential(services, asks))) ==
          "anchor_unread");
    CHECK(world.keys.calls.empty());
}
