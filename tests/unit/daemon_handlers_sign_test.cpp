#include "core/encode/jws.h"
#include "core/encode/statement.h"
#include "tests/support/catch.h"
#include "tests/support/handler_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;
using daemon::AgentState;

namespace {

constexpr const char* refund =
    R"({"action":"refund.create","audience":"https://payments.example","params":{"amount":50}})";

struct SignWorld : HandlerWorld {
    SignWorld() { declare(bot); }
};

// Nothing reached the chip, no action was recorded; the refusal was.
void check_refused(const SignWorld& world, const Result<daemon::Answer>& answer,
                   const std::string& reason) {
    REQUIRE_FALSE(answer);
    CHECK(answer.error().reason() == reason);
    CHECK(world.keys.calls.empty());
    CHECK(world.ledger.count("action") == 0);
    REQUIRE(world.ledger.count("refused") == 1);
    const auto& members = world.ledger.records.back().members;
    CHECK(*members.at("reason").string() == reason);
    CHECK(*members.at("agent").string() == SignWorld::bot);
}

}  // namespace

TEST_CASE("sign: a permitted action is recorded at its own sequence, then released behind the gate",
          "[daemon][sign]") {
    SignWorld world;
    const auto answer = world.as_agent(handlers::sign_action, refund);
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(answer->gated_agent == SignWorld::bot);
    const auto json = json_of(answer);
    const auto jws = encode::parse_jws(text_at(json, {"jws"}));
    REQUIRE(jws);
    CHECK(jws->header.typ == encode::action_typ);
    CHECK(jws->header.x5c.size() == 2);
    CHECK(text_of(world.keys.last_preimage) == jws->signing_input);

    const auto statement = encode::statement_from(jws->payload);
    REQUIRE(statement);
    CHECK(statement->agent == "spiffe://host.test/agent/deploy-bot");
    CHECK(statement->action.params == R"({"amount":50})");
    CHECK(statement->sponsor == "finance@example.org");
    CHECK(statement->custody == Custody::software_tpm);
    CHECK(statement->fuse == FuseKind::counter);
    CHECK(statement->time == SignWorld::start_time);

    // The credential was issued on the way and took index 0.
    REQUIRE(world.ledger.records.size() == 2);
    CHECK(world.ledger.records[0].type == "credential");
    CHECK(world.ledger.records[1].type == "action");
    CHECK(statement->sequence == 1);
    CHECK(answer->sequence == 1U);
    CHECK(world.ledger.records[1].members.at("statement") == jws->payload);
    CHECK(world.keys.calls == std::vector<std::string>{"sign agent-deploy-bot-1"});
}

TEST_CASE("sign: the header names the key's own algorithm", "[daemon][sign]") {
    for (const KeyAlgorithm algorithm : key_algorithms) {
        INFO(to_string(algorithm));
        SignWorld world;
        daemon::AgentRow row = *world.registry.find(SignWorld::bot);
        row.key.algorithm = algorithm;
        REQUIRE(world.registry.put(row));
        REQUIRE(world.as_agent(handlers::sign_action, refund));
        const auto input = encode::parse_signing_input(text_of(world.keys.last_preimage));
        REQUIRE(input);
        CHECK(input->header.alg == jws_alg(algorithm));
    }
}

TEST_CASE("sign: sequences stay true when many actions wait for one credential", "[daemon][sign]") {
    SignWorld world;
    std::vector<Pending<daemon::Answer>> pending;
    for (int i = 0; i < 5; ++i)
        pending.push_back(world.begin_as_agent(handlers::sign_action, refund));
    for (const auto& one : pending) {
        const auto answer = world.finish(one);
        REQUIRE(answer);
        const auto& record = world.ledger.records.at(*answer->sequence);
        CHECK(record.type == "action");
        CHECK(text_at(record.members.at("statement"), {"sequence"}) ==
              std::to_string(*answer->sequence));
    }
    CHECK(world.issuer.issued == 1);
}

TEST_CASE("sign: what policy does not permit costs no hardware and is recorded", "[daemon][sign]") {
    SignWorld world;
    SECTION("another action") {
        const auto answer =
            world.as_agent(handlers::sign_action,
                           R"({"action":"payout.create","audience":"https://payments.example"})");
        check_refused(world, answer, "action_not_allowed");
        const auto& asked = world.ledger.records.back().members.at("asked");
        CHECK(text_at(asked, {"action"}) == "payout.create");
        CHECK(text_at(asked, {"audience"}) == "https://payments.example");
    }
    SECTION("another audience") {
        const auto answer =
            world.as_agent(handlers::sign_action,
                           R"({"action":"refund.create","audience":"https://elsewhere.example"})");
        check_refused(world, answer, "action_not_allowed");
    }
}

TEST_CASE("sign: a contained agent costs no hardware", "[daemon][sign]") {
    SignWorld world;
    const auto [state, reason] = GENERATE(table<AgentState, std::string>({
        {AgentState::suspended, "agent_suspended"},
        {AgentState::revoked, "agent_revoked"},
        {AgentState::retired, "agent_retired"},
    }));
    world.containment.set(SignWorld::bot, state);
    check_refused(world, world.as_agent(handlers::sign_action, refund), reason);
}

TEST_CASE("sign: a caller that is no longer declared so costs no hardware", "[daemon][sign]") {
    SignWorld world;
    SECTION("its file is gone") {
        world.agents.clear();
        check_refused(world, world.as_agent(handlers::sign_action, refund), "unrecognised_caller");
    }
    SECTION("its file now names other code") {
        world.agents[SignWorld::bot].executable.fill(0x11);
        check_refused(world, world.as_agent(handlers::sign_action, refund), "measurement_mismatch");
    }
    SECTION("its file now names another uid") {
        ++world.agents[SignWorld::bot].uid;
        check_refused(world, world.as_agent(handlers::sign_action, refund), "measurement_mismatch");
    }
}

TEST_CASE("sign: a malformed request reaches neither ledger nor chip", "[daemon][sign]") {
    SignWorld world;
    const auto* body = GENERATE("", "[]", R"({"action":"refund.create"})",
                                R"({"action":"refund.create","audience":"a","surprise":1})",
                                R"({"action":"Refund","audience":"a"})",
                                R"({"action":"a","audience":"a","params":[1]})");
    const auto answer = world.as_agent(handlers::sign_action, body);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code() == Code::invalid);
    CHECK(answer.error().reason() == "malformed_request");
    CHECK(world.keys.calls.empty());
    CHECK(world.ledger.records.empty());
}

TEST_CASE("sign: no durable record, no released signature", "[daemon][sign]") {
    SignWorld world;
    REQUIRE(world.as_agent(handlers::sign_action, refund));  // the credential is there
    const auto records = world.ledger.records.size();
    const auto calls = world.keys.calls;
    world.ledger.disk_full = true;
    const auto answer = world.as_agent(handlers::sign_action, refund);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code() == Code::unavailable);
    CHECK(answer.error().reason() == "ledger_failed");
    CHECK(world.ledger.records.size() == records);
    // Nor is the chip asked for what could only be withheld.
    CHECK(world.keys.calls == calls);
}

TEST_CASE("sign: a signature the chip did not give leaves a withheld record", "[daemon][sign]") {
    SignWorld world;
    world.keys.sign_refuses = Error(Code::denied, "policy failed").because("fuse_blown");
    const auto answer = world.as_agent(handlers::sign_action, refund);
    CHECK(reason_of(answer) == "fuse_blown");
    REQUIRE(world.ledger.records.back().type == "withheld");
    const auto& members = world.ledger.records.back().members;
    CHECK(*members.at("reason").string() == "fuse_blown");
    CHECK(*members.at("sequence").integer() == 1);
    CHECK(world.ledger.records[1].type == "action");
}

TEST_CASE("sign: without the keys worker nothing is recorded as an action", "[daemon][sign]") {
    SignWorld world;
    world.keys.away =
        Error(Code::unavailable, "replaced", Retry::later).because("keys_unavailable");
    const auto answer = world.as_agent(handlers::sign_action, refund);
    CHECK(reason_of(answer) == "keys_unavailable");
    CHECK(world.ledger.count("action") == 0);
}

TEST_CASE("sign: while the keys worker is being replaced a refusal costs the ledger nothing",
          "[daemon][sign]") {
    SignWorld world;
    REQUIRE(world.as_agent(handlers::sign_action, refund));  // its credential is there now
    const auto before = world.ledger.records.size();
    world.keys.away =
        Error(Code::unavailable, "replaced", Retry::later).because("keys_unavailable");
    CHECK(reason_of(world.as_agent(handlers::sign_action, refund)) == "keys_unavailable");
    CHECK(world.ledger.records.size() == before);
    world.keys.away.reset();
    CHECK(world.as_agent(handlers::sign_action, refund));
}

TEST_CASE("sign: a revocation while the chip signs wins, and leaves a withheld record",
          "[daemon][sign]") {
    SignWorld world;
    world.keys.hold();
    const auto pending = world.begin_as_agent(handlers::sign_action, refund);
    world.run_ready();
    REQUIRE(world.keys.count("sign") == 1);
    REQUIRE_FALSE(pending->has_value());

    const auto revoked = world.as_operator(handlers::revoke, SignWorld::bot);
    REQUIRE(revoked);
    CHECK(revoked->status == 200);
    // The chip had the command before the fuse: it still signs. Nothing may leave.
    world.keys.blown.clear();
    world.keys.let_go();
    const auto answer = world.finish(pending);
    CHECK(reason_of(answer) == "agent_revoked");
    REQUIRE(world.ledger.records.back().type == "withheld");
    const auto& members = world.ledger.records.back().members;
    CHECK(*members.at("reason").string() == "agent_revoked");
    CHECK(world.ledger.records[1].type == "action");
    CHECK(*members.at("sequence").integer() == 1);
}

TEST_CASE("sign: other code executed while the credential is made gets nothing signed",
          "[daemon][sign]") {
    SignWorld world;
    world.ledger.when_queued = [&] {
        world.code_is_the_same = Error(Code::denied, "executed").because("measurement_changed");
    };
    const auto answer = world.as_agent(handlers::sign_action, refund);
    CHECK(reason_of(answer) == "measurement_changed");
    CHECK(world.keys.calls.empty());
    CHECK(world.ledger.count("action") == 0);
    CHECK(world.ledger.count("refused") == 1);
}

TEST_CASE("sign: a suspension while the credential is made wins, at no cost", "[daemon][sign]") {
    SignWorld world;
    world.ledger.when_queued = [&] {
        if (world.ledger.records.back().type == "credential")
            world.containment.set(SignWorld::bot, AgentState::suspended);
    };
    const auto answer = world.as_agent(handlers::sign_action, refund);
    CHECK(reason_of(answer) == "agent_suspended");
    CHECK(world.keys.calls.empty());
    CHECK(world.ledger.count("action") == 0);
    CHECK(world.ledger.count("refused") == 1);
}

TEST_CASE("sign: a key replaced while the credential is made signs nothing", "[daemon][sign]") {
    SignWorld world;
    world.ledger.when_queued = [&] {
        daemon::AgentRow row = *world.registry.find(SignWorld::bot);
        row.key.id = "agent-deploy-bot-2";
        world.keys.keys[row.key.id] = row.key;
        REQUIRE(world.registry.put(row));
        world.ledger.when_queued = nullptr;
    };
    const auto answer = world.as_agent(handlers::sign_action, refund);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code() == Code::busy);
    CHECK(world.keys.calls.empty());
    CHECK(world.ledger.count("action") == 0);
}

TEST_CASE("sign: a record that fails while the chip signs keeps the signature in",
          "[daemon][sign]") {
    SignWorld world;
    world.ledger.when_queued = [&] { world.ledger.disk_full = true; };  // after the credential's
    const auto answer = world.as_agent(handlers::sign_action, refund);
    CHECK(reason_of(answer) == "ledger_failed");
    CHECK(world.keys.count("sign") == 1);
    CHECK(world.ledger.count("action") == 0);
}
