// POST /v1/security-events: whom a signed event stops, once.
#include "daemon/state/trigger_fold.h"
#include "tests/support/catch.h"
#include "tests/support/event_token.h"
#include "tests/support/full_disk.h"
#include "tests/support/trigger_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;
using encode::Json;

namespace {

struct EventWorld : TriggerWorld {
    EventWorld() {
        settings.events_issuer = "https://idp.example";
        settings.events_audience = "https://host.test";
        settings.events_keys = directory.file("keys.json");
        write_keys(jwk_set_of({jwk_of(idp, "k1")}));
        rules().security_event = suspends;
    }
    void write_keys(const std::string& text) const { std::ofstream(settings.events_keys) << text; }
    Result<daemon::Answer> hand_in(const std::string& token) {
        const Json::Object body{{"set", token}};
        auto answer = as_operator(handlers::security_event, "", encode::canonical(body));
        run_ready();
        return answer;
    }
    Result<daemon::Answer> hand_in(const EventToken& token) {
        return hand_in(token.signed_by(idp));
    }
    EventToken token(const std::string& jti = "jti-1") const { return EventToken(time, jti); }
    EventToken about(const char* format, const char* member, const std::string& who) const {
        EventToken made = token();
        made.claims["sub_id"] = Json::Object{{"format", format}, {member, who}};
        return made;
    }

    SoftwareKey idp;
};

}  // namespace

TEST_CASE("security event: stops the agent it names, and is on record first",
          "[daemon][triggers]") {
    EventWorld world;
    const auto answer = world.hand_in(world.token());
    CHECK(reason_of(answer) ==
          R"(answered {"agents":[{"name":"deploy-bot","state":"suspended","stopped":true}],)"
          R"("event":"session-revoked","subject":"spiffe://host.test/agent/deploy-bot"})");
    CHECK(world.state() == "suspended");
    CHECK(world.by() == "trigger:security_event");
    CHECK(world.why() == "session-revoked for spiffe://host.test/agent/deploy-bot, jti jti-1");
    REQUIRE(world.ledger.records.size() == 3);
    CHECK(world.ledger.records[0].type == "security_event");
    CHECK(world.ledger.records[1].type == "trigger");
    CHECK(world.ledger.records[2].type == "containment");
    const auto record = world.newest("security_event");
    CHECK(text_at(record, {"by"}) == "login:1000");
    CHECK(text_at(record, {"issuer"}) == "https://idp.example");
    CHECK(text_at(record, {"jti"}) == "jti-1");
    CHECK(text_at(record, {"issued"}) == std::to_string(world.time));
    CHECK(text_at(record, {"agents"}) == "1");
}

TEST_CASE("security event: a token counts once, also after a restart", "[daemon][triggers]") {
    EventWorld world;
    const std::string token = world.token().signed_by(world.idp);
    CHECK(world.hand_in(token));
    CHECK(world.reinstate() == "active");
    CHECK(reason_of(world.hand_in(token)) == "set_replayed");
    CHECK(world.state() == "active");
    CHECK(text_at(world.newest("refused"), {"reason"}) == "set_replayed");
    world.services.triggers.events = {};
    daemon::TriggerFold fold(world.services.triggers);
    std::uint64_t index = 0;
    for (const auto& record : world.ledger.records)
        fold.take({record.type, world.time, index++, record.members});
    CHECK(reason_of(world.hand_in(token)) == "set_replayed");
    CHECK(world.hand_in(world.token("jti-2")));
    CHECK(world.state() == "suspended");
}

TEST_CASE("security event: about a sponsor it stops all of theirs that listen",
          "[daemon][triggers]") {
    for (const auto& [format, member] : {std::pair{"opaque", "id"}, std::pair{"email", "email"}}) {
        EventWorld world;
        world.declare("deaf-bot");
        world.declare("other-bot");
        world.declare("second-bot");
        world.agents["other-bot"].accountability.sponsor = "hr@example.org";
        for (const char* name : {"other-bot", "second-bot"})
            world.agents[name].triggers.security_event = policy::Reaction{"kill", {}};
        CHECK(world.hand_in(world.about(format, member, "finance@example.org")));
        CHECK(world.state() == "suspended");
        CHECK_FALSE(world.containment.allows("second-bot"));
        CHECK(world.containment.allows("other-bot"));
        CHECK(world.containment.allows("deaf-bot"));
        CHECK(text_at(world.newest("security_event"), {"agents"}) == "2");
    }
}

TEST_CASE("security event: nobody that listens is meant, and it may be handed in again",
          "[daemon][triggers]") {
    EventWorld world;
    const auto reason = [&](const EventToken& token) { return reason_of(world.hand_in(token)); };
    CHECK(reason(world.about("uri", "uri", "spiffe://host.test/agent/nobody")) ==
          "no_agent_for_event");
    // Another host's agent of that name, and a sponsor's name where an agent's belongs.
    CHECK(reason(world.about("uri", "uri", "spiffe://other.test/agent/deploy-bot")) ==
          "no_agent_for_event");
    CHECK(reason(world.about("uri", "uri", "finance@example.org")) == "no_agent_for_event");
    CHECK(reason(world.about("opaque", "id", "spiffe://host.test/agent/deploy-bot")) ==
          "no_agent_for_event");
    world.rules().security_event.reset();
    CHECK(reason(world.token()) == "no_agent_for_event");
    CHECK(world.state() == "active");
    world.rules().security_event = suspends;
    CHECK(world.hand_in(world.token()));
}

TEST_CASE("security event: what is not believed is on record, and stops nobody",
          "[daemon][triggers]") {
    EventWorld world;
    CHECK(reason_of(world.hand_in(world.token().signed_by(SoftwareKey()))) == "set_signature");
    CHECK(text_at(world.newest("refused"), {"operation"}) == "security_event");
    CHECK(text_at(world.newest("refused"), {"reason"}) == "set_signature");
    // What may still be written to a full disk is for those that stop somebody.
    CHECK(world.ledger.count("security_event") == 0);
    CHECK(reason_of(world.hand_in("x")) == "set_malformed");
    CHECK(reason_of(world.as_operator(handlers::security_event, "", "{}")) == "malformed_request");
    CHECK(reason_of(world.hand_in(std::string(16UL * 1024 + 1, 'x'))) == "malformed_request");
    CHECK(world.state() == "active");
}

TEST_CASE("security event: without an issuer, or keys that can be read, none is believed",
          "[daemon][triggers]") {
    EventWorld world;
    world.write_keys("{}");
    CHECK(reason_of(world.hand_in(world.token())) == "event_keys_unreadable");
    std::filesystem::remove(world.settings.events_keys);
    CHECK(reason_of(world.hand_in(world.token())) == "event_keys_unreadable");
    world.write_keys(jwk_set_of({jwk_of(world.idp, "k1")}));
    std::filesystem::permissions(world.settings.events_keys, std::filesystem::perms{0666});
    CHECK(reason_of(world.hand_in(world.token())) == "event_keys_unreadable");
    CHECK_FALSE(handlers::check_event_keys(world.settings));
    std::filesystem::permissions(world.settings.events_keys, std::filesystem::perms{0600});
    CHECK(handlers::check_event_keys(world.settings));
    std::filesystem::remove(world.settings.events_keys);
    CHECK_FALSE(handlers::check_event_keys(world.settings));
    world.settings.events_issuer.clear();
    CHECK(handlers::check_event_keys(world.settings));
    CHECK(reason_of(world.hand_in(world.token())) == "no_security_events");
    CHECK(world.state() == "active");
}

TEST_CASE("security event: a full disk keeps nobody from being stopped", "[daemon][triggers]") {
    EventWorld world;
    world.ledger.disk_full = true;
    CHECK(reason_of(world.hand_in(world.token())) == "ledger_failed");
    CHECK(world.state() == "suspended");
}

TEST_CASE("security event: refused ones have the budget of every refusal", "[daemon][triggers]") {
    EventWorld world;
    for (std::uint64_t i = 0; i < daemon::refusals_per_stranger + 5; ++i)
        CHECK(reason_of(world.hand_in("x")) == "set_malformed");
    CHECK(world.ledger.records.size() == daemon::refusals_per_stranger);
    CHECK(world.hand_in(world.token()));
}

TEST_CASE("security event: a stop that a restart might undo is told as such",
          "[daemon][triggers]") {
    EventWorld world;
    {
        const FullDisk no_registry;
        const auto answer = world.hand_in(world.token());
        REQUIRE(answer);
        CHECK(answer->status == 503);
        CHECK(text_at(json_of(answer), {"code"}) == "not_durable");
        CHECK(text_at(json_of(answer), {"agents"}) ==
              R"([{"name":"deploy-bot","state":"suspended","stopped":true}])");
    }
    CHECK(world.state() == "suspended");
    CHECK(run_async(world.loop, handlers::settle(world.services)));
    CHECK(to_string(world.registry.find(EventWorld::bot)->state) == "suspended");
}
