// Evidence of a key in a token: who is asked what, and what is never left out.
#include <algorithm>

#include "attest/evidence/challenge.h"
#include "attest/evidence/pack.h"
#include "core/crypto/digest.h"
#include "core/encode/jws.h"
#include "core/encode/possession.h"
#include "tests/support/catch.h"
#include "tests/support/handler_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;
using daemon::AgentState;
using Calls = std::vector<std::string>;

namespace {

const std::string evidence_request =
    R"({"nonce":")" + encode::base64url(Bytes(16, 7)) + R"(","verifier":"bank"})";
const std::string key_id = "hsm-deploy-bot-1";

// The agent's key is in a token; the host has a TPM unless it is said to have none.
struct TokenWorld : HandlerWorld {
    explicit TokenWorld(bool has_tpm = true) {
        settings.tpm_tcti = has_tpm ? "device:/dev/tpmrm0" : "none";
        declare(bot);
        daemon::AgentRow row = *registry.find(bot);
        row.key.id = key_id;
        row.key.backend = Backend::pkcs11;
        row.key.custody = Custody::hsm;
        row.key.name.clear();
        row.key.agent_fuse = {};
        row.key.agent_fuse.kind = row.key.host_fuse.kind = FuseKind::object;
        keys.keys = {{key_id, row.key}};
        if (!registry.put(row)) std::abort();
        keys.register_status.events = has_tpm ? 5 : 0;
    }
    const KeyDescription& key() const { return keys.keys.at(key_id); }

    Sha256 challenge(std::uint64_t events) const {
        attest::Challenge challenge;
        challenge.nonce = Bytes(16, 7);
        challenge.verifier = "bank";
        challenge.key_name = bytes_of(crypto::sha256(key().spki));
        challenge.credential = {Bytes{0x30, 0x01, 0x01}, Bytes{0x30, 0x01, 0xca}};
        challenge.ledger_head.size = 1;  // the credential's record
        challenge.register_events = events;
        return *attest::challenge_digest(challenge);
    }
};

encode::Possession said_in(const Evidence& evidence) {
    const auto jws = encode::parse_jws(evidence.possession->jws);
    REQUIRE(jws);
    CHECK(jws->header.typ == encode::possession_typ);
    CHECK(jws->header.x5c == evidence.credential);
    return *encode::possession_from(jws->payload);
}

}  // namespace

TEST_CASE("evidence: of a token's key the TPM speaks for the host, and the key for itself",
          "[daemon][evidence]") {
    TokenWorld world;
    const auto answer = world.as_agent(handlers::evidence, evidence_request);
    REQUIRE(answer);
    CHECK(answer->gated_agent == TokenWorld::bot);
    CHECK(world.keys.calls == Calls{"attest ", "sign " + key_id});
    CHECK(world.keys.charged == key_id);
    CHECK(world.keys.last_challenge == world.challenge(5));
    const auto evidence = attest::unpack(answer->body);
    REQUIRE(evidence);
    CHECK_FALSE(evidence->boot_not_proven);
    CHECK(evidence->tpm->key.id.empty());
    CHECK(evidence->possession->key.id == key_id);
    CHECK(evidence->possession->key.custody == Custody::hsm);
    const auto said = said_in(*evidence);
    CHECK(said.agent == "spiffe://host.test/agent/deploy-bot");
    CHECK(said.verifier == "bank");
    CHECK(said.challenge == world.challenge(5));
    CHECK(said.ak == crypto::sha256(Bytes{4, 5, 6}));
    CHECK(said.custody == Custody::hsm);
}

TEST_CASE("evidence: a host without a TPM asks none, and says that its boot is not proven",
          "[daemon][evidence]") {
    TokenWorld world(false);
    const auto answer = world.as_agent(handlers::evidence, evidence_request);
    REQUIRE(answer);
    CHECK(world.keys.calls == Calls{"sign " + key_id});
    const auto evidence = attest::unpack(answer->body);
    REQUIRE(evidence);
    CHECK(evidence->boot_not_proven);
    CHECK_FALSE(evidence->tpm);
    const auto said = said_in(*evidence);
    CHECK(said.challenge == world.challenge(0));
    CHECK_FALSE(said.ak);
    const auto& record = world.ledger.records.back().members;
    CHECK(*record.at("boot").string() == "not proven");
}

TEST_CASE("evidence: what a token's key signed is in the ledger before it leaves",
          "[daemon][evidence]") {
    TokenWorld world;
    REQUIRE(world.as_agent(handlers::evidence, evidence_request));
    REQUIRE(world.ledger.records.back().type == "evidence");
    const auto& record = world.ledger.records.back().members;
    CHECK(*record.at("challenge").string() == encode::hex(world.challenge(5)));
    CHECK(*record.at("possession").string() == key_id);
    CHECK_FALSE(record.contains("boot"));
}

TEST_CASE("evidence: on a full disk neither TPM nor token is asked", "[daemon][evidence]") {
    TokenWorld world;
    REQUIRE(world.as_agent(handlers::credential, ""));
    world.ledger.disk_full = true;
    CHECK(reason_of(world.as_agent(handlers::evidence, evidence_request)) == "ledger_failed");
    CHECK(world.keys.calls.empty());
}

TEST_CASE("evidence: a disk that fills while the token signs lets nothing out",
          "[daemon][evidence]") {
    TokenWorld world;
    REQUIRE(world.as_agent(handlers::credential, ""));
    world.keys.hold();
    const auto pending = world.begin_as_agent(handlers::evidence, evidence_request);
    world.run_ready();
    world.ledger.disk_full = true;
    world.keys.let_go();
    CHECK(reason_of(world.finish(pending)) == "ledger_failed");
}

TEST_CASE("evidence: a revocation while the token signs wins", "[daemon][evidence]") {
    TokenWorld world;
    world.keys.hold();
    const auto pending = world.begin_as_agent(handlers::evidence, evidence_request);
    world.run_ready();
    REQUIRE(world.keys.count("sign") == 1);
    world.containment.set(TokenWorld::bot, AgentState::revoked);
    world.keys.let_go();
    CHECK(reason_of(world.finish(pending)) == "agent_revoked");
}

TEST_CASE("evidence: a TPM that does not answer is not left out quietly", "[daemon][evidence]") {
    TokenWorld world;
    REQUIRE(world.as_agent(handlers::credential, ""));
    const auto records = world.ledger.records.size();
    world.keys.attest_refuses = Error(Code::unavailable, "the TPM is away", Retry::later);
    const auto answer = world.as_agent(handlers::evidence, evidence_request);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code() == Code::unavailable);
    CHECK(world.keys.count("sign") == 0);
    CHECK(world.ledger.records.size() == records);
}

TEST_CASE("evidence: a contained agent's token is not asked", "[daemon][evidence]") {
    TokenWorld world(false);
    world.containment.set(TokenWorld::bot, AgentState::suspended);
    CHECK(reason_of(world.as_agent(handlers::evidence, evidence_request)) == "agent_suspended");
    CHECK(world.keys.calls.empty());
}
