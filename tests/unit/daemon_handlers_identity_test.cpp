#include "attest/evidence/challenge.h"
#include "attest/evidence/pack.h"
#include "core/encode/pem.h"
#include "tests/support/catch.h"
#include "tests/support/handler_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;
using daemon::AgentState;

namespace {

const std::string nonce = encode::base64url(Bytes(16, 7));
const std::string evidence_request = R"({"nonce":")" + nonce + R"(","verifier":"bank"})";

struct IdentityWorld : HandlerWorld {
    IdentityWorld() { declare(bot); }
};

void check_refused(const IdentityWorld& world, const Result<daemon::Answer>& answer,
                   const std::string& reason) {
    CHECK(reason_of(answer) == reason);
    CHECK(world.keys.calls.empty());
    CHECK(world.issuer.issued == 0);
    REQUIRE(world.ledger.records.size() == 1);
    CHECK(world.ledger.records.back().type == "refused");
}

}  // namespace

TEST_CASE("whoami: says what is known, what it is not worth, and asks the chip for nothing",
          "[daemon][whoami]") {
    IdentityWorld world;
    world.settings.dev = true;
    const auto json = json_of(world.as_agent(handlers::whoami, ""));
    CHECK(text_at(json, {"agent"}) == "spiffe://host.test/agent/deploy-bot");
    CHECK(text_at(json, {"instance"}) == "instance-1");
    CHECK(text_at(json, {"sponsor"}) == "finance@example.org");
    CHECK(text_at(json, {"state"}) == "active");
    CHECK(text_at(json, {"custody"}) == "software-tpm");
    CHECK(text_at(json, {"fuse"}) == "counter");
    CHECK(text_at(json, {"measurement", "assurance"}) == "observed");
    CHECK(text_at(json, {"measurement", "executable", "sha256"}) == encode::hex(Bytes(32, 0xee)));
    CHECK(text_at(json, {"notes"}) ==
          R"(["observed: forgeable by the same uid","pid reuse not excluded",)"
          R"("privileges: not separated"])");
    CHECK(world.keys.calls.empty());
    CHECK(world.ledger.records.empty());
}

TEST_CASE("whoami: notes go away with their cause", "[daemon][whoami]") {
    IdentityWorld world;
    world.callers[IdentityWorld::bot].pid_reuse_excluded = true;
    world.callers[IdentityWorld::bot].view.measurement.assurance = Assurance::launched;
    const auto json = json_of(world.as_agent(handlers::whoami, ""));
    CHECK(text_at(json, {"notes"}) == "[]");
}

TEST_CASE("whoami: a contained agent learns its state", "[daemon][whoami]") {
    IdentityWorld world;
    world.containment.set(IdentityWorld::bot, AgentState::suspended);
    CHECK(text_at(json_of(world.as_agent(handlers::whoami, "")), {"state"}) == "suspended");
}

TEST_CASE("whoami: an agent without a declaration in force is nobody", "[daemon][whoami]") {
    IdentityWorld world;
    world.agents.clear();
    CHECK(reason_of(world.as_agent(handlers::whoami, "")) == "unrecognised_caller");
}

TEST_CASE("credential: recorded before it is handed out, behind the gate", "[daemon][credential]") {
    IdentityWorld world;
    const auto answer = world.as_agent(handlers::credential, "{}");
    REQUIRE(answer);
    CHECK(answer->gated_agent == IdentityWorld::bot);
    CHECK_FALSE(answer->sequence);
    const auto json = json_of(answer);
    CHECK(text_at(json, {"spiffe_id"}) == "spiffe://host.test/agent/deploy-bot");
    CHECK(text_at(json, {"not_after"}) == std::to_string(IdentityWorld::start_time + 3600));
    CHECK(text_at(json, {"renew_after"}) == std::to_string(IdentityWorld::start_time + 1800));
    const auto chain = encode::from_pem(text_at(json, {"chain_pem"}), "CERTIFICATE");
    REQUIRE(chain);
    CHECK(chain->size() == 2);
    REQUIRE(world.ledger.records.size() == 1);
    CHECK(world.ledger.records[0].type == "credential");
    CHECK(world.issuer.last_request.lifetime == 3600);
}

TEST_CASE("credential: refused to a contained agent before the issuer hears of it",
          "[daemon][credential]") {
    IdentityWorld world;
    world.containment.set(IdentityWorld::bot, AgentState::revoked);
    check_refused(world, world.as_agent(handlers::credential, ""), "agent_revoked");
}

TEST_CASE("credential: a full disk means none is handed out", "[daemon][credential]") {
    IdentityWorld world;
    world.ledger.disk_full = true;
    CHECK(reason_of(world.as_agent(handlers::credential, "")) == "ledger_failed");
}

TEST_CASE("credential: a revocation while it is issued wins", "[daemon][credential]") {
    IdentityWorld world;
    world.ledger.when_queued = [&] {
        world.containment.set(IdentityWorld::bot, AgentState::revoked);
    };
    CHECK(reason_of(world.as_agent(handlers::credential, "")) == "agent_revoked");
}

TEST_CASE("credential: a body with members is malformed", "[daemon][credential]") {
    IdentityWorld world;
    CHECK(reason_of(world.as_agent(handlers::credential, R"({"ttl":1})")) == "malformed_request");
    CHECK(world.issuer.issued == 0);
}

TEST_CASE("evidence: one challenge binds nonce, verifier, key, credential and ledger head",
          "[daemon][evidence]") {
    IdentityWorld world;
    world.keys.register_status.events = 5;
    const auto answer = world.as_agent(handlers::evidence, evidence_request);
    REQUIRE(answer);
    CHECK(answer->gated_agent == IdentityWorld::bot);

    attest::Challenge expected;
    expected.nonce = Bytes(16, 7);
    expected.verifier = "bank";
    expected.key_name = world.keys.keys.at("agent-deploy-bot-1").name;
    expected.credential = {Bytes{0x30, 0x01, 0x01}, Bytes{0x30, 0x01, 0xca}};
    expected.ledger_head.size = 1;  // the credential's record
    expected.register_events = 5;
    const auto digest = attest::challenge_digest(expected);
    REQUIRE(digest);
    CHECK(world.keys.last_challenge == *digest);

    REQUIRE(world.ledger.records.back().type == "evidence");
    const auto& record = world.ledger.records.back().members;
    CHECK(*record.at("challenge").string() == encode::hex(*digest));
    CHECK(*record.at("verifier").string() == "bank");

    Evidence packed;
    packed.nonce = expected.nonce;
    packed.verifier = expected.verifier;
    packed.tpm = FakeKeys::said_of_host();
    packed.tpm->key = world.keys.keys.at("agent-deploy-bot-1");
    packed.credential = expected.credential;
    packed.ledger_head = expected.ledger_head;
    packed.register_events = 5;
    CHECK(answer->body == attest::pack(packed));
    CHECK(world.keys.calls == std::vector<std::string>{"attest agent-deploy-bot-1"});
}

TEST_CASE("evidence: a contained agent costs no hardware", "[daemon][evidence]") {
    IdentityWorld world;
    world.containment.set(IdentityWorld::bot, AgentState::suspended);
    check_refused(world, world.as_agent(handlers::evidence, evidence_request), "agent_suspended");
}

TEST_CASE("evidence: suspended while its credential is made costs no quote", "[daemon][evidence]") {
    IdentityWorld world;
    world.ledger.when_queued = [&] {
        world.containment.set(IdentityWorld::bot, AgentState::suspended);
    };
    CHECK(reason_of(world.as_agent(handlers::evidence, evidence_request)) == "agent_suspended");
    CHECK(world.keys.calls.empty());
}

TEST_CASE("evidence: on a full disk nothing leaves, and the chip is not asked",
          "[daemon][evidence]") {
    IdentityWorld world;
    REQUIRE(world.as_agent(handlers::credential, ""));
    world.ledger.disk_full = true;
    CHECK(reason_of(world.as_agent(handlers::evidence, evidence_request)) == "ledger_failed");
    CHECK(world.keys.count("attest") == 0);
}

TEST_CASE("evidence: nonces outside 16 to 64 bytes are malformed", "[daemon][evidence]") {
    IdentityWorld world;
    const auto size = GENERATE(std::size_t{0}, min_nonce - 1, max_nonce + 1);
    const std::string body =
        R"({"nonce":")" + encode::base64url(Bytes(size, 1)) + R"(","verifier":"bank"})";
    CHECK(reason_of(world.as_agent(handlers::evidence, body)) == "malformed_request");
    CHECK(world.keys.calls.empty());
}

TEST_CASE("evidence: nonces of 16 and 64 bytes are answered", "[daemon][evidence]") {
    IdentityWorld world;
    const auto size = GENERATE(min_nonce, max_nonce);
    const std::string body =
        R"({"nonce":")" + encode::base64url(Bytes(size, 1)) + R"(","verifier":"bank"})";
    CHECK(world.as_agent(handlers::evidence, body));
}

TEST_CASE("credential, evidence: other code executed meanwhile gets neither", "[daemon]") {
    IdentityWorld world;
    world.ledger.when_queued = [&] {
        world.code_is_the_same = Error(Code::denied, "executed").because("measurement_changed");
    };
    SECTION("credential") {
        const auto answer = world.as_agent(handlers::credential, "");
        CHECK(reason_of(answer) == "measurement_changed");
    }
    SECTION("evidence") {
        const auto answer = world.as_agent(handlers::evidence, evidence_request);
        CHECK(reason_of(answer) == "measurement_changed");
    }
    CHECK(world.keys.calls.empty());
    CHECK(world.ledger.count("evidence") == 0);
    CHECK(world.ledger.count("refused") == 1);
}

TEST_CASE("evidence: about another key than asked for is not passed on", "[daemon][evidence]") {
    IdentityWorld world;
    world.keys.keys.at("agent-deploy-bot-1").name.back() ^= 1U;  // what the worker says
    const auto answer = world.as_agent(handlers::evidence, evidence_request);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code() == Code::internal);
    CHECK(world.ledger.count("evidence") == 0);
}
