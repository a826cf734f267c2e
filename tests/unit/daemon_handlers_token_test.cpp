// Agents whose key lives in a PKCS#11 token, and hosts without a TPM, as the handlers see them.
#include "tests/support/catch.h"
#include "tests/support/handler_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;
using daemon::AgentState;
using Calls = std::vector<std::string>;

namespace {

const std::string in_token = "[key]\nbackend = \"pkcs11:token=agents\"\n";
const std::string by_serial = "[key]\nbackend = \"pkcs11:serial=0123\"\n";
const std::string in_another = "[key]\nbackend = \"pkcs11:token=others\"\n";

struct TokenWorld : HandlerWorld {
    TokenWorld() {
        keys.token = {KeyAlgorithm::es256, KeyAlgorithm::ed25519};
        settings.pkcs11_module = "/usr/lib/vendor.so";
    }
    void write_file(const std::string& name, const std::string& key) {
        write_agent_file(name);
        std::ofstream(settings.agents_dir + "/" + name + ".toml", std::ios::app) << key;
    }
    Result<daemon::Answer> apply(const std::string& body = "") {
        return as_operator(handlers::apply, "", body);
    }
    std::string refusal(const std::string& body = "") {
        const auto answer = apply(body);
        return answer ? "answered" : answer.error().reason() + ": " + answer.error().text();
    }
    bool nothing_was_made() const {
        return keys.calls.empty() && ledger.records.empty() && registry.rows().empty() &&
               agents.empty();
    }
    // As after `apply`, with its instance.
    void declare_in_token() {
        declare(bot);
        daemon::AgentRow row = *registry.find(bot);
        auto key = run_async(loop, keys.create({bot, Backend::pkcs11, KeyAlgorithm::es256, ""}));
        row.key = *key;
        REQUIRE(registry.put(row));
        keys.calls.clear();
    }
};

bool mentions(const std::string& text, const char* words) {
    return text.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("apply: the key is made where the file says and as it says", "[daemon][apply][token]") {
    TokenWorld world;
    world.write_file("deploy-bot", in_token + "algorithm = \"Ed25519\"\n");
    REQUIRE(world.apply());
    REQUIRE(world.keys.last_created);
    CHECK(world.keys.last_created->agent == "deploy-bot");
    CHECK(world.keys.last_created->backend == Backend::pkcs11);
    CHECK(world.keys.last_created->algorithm == KeyAlgorithm::ed25519);
    CHECK(world.keys.last_created->token == "pkcs11:token=agents");
    const auto& key = world.registry.find("deploy-bot")->key;
    CHECK(key.id == "hsm-deploy-bot-1");
    CHECK(key.custody == Custody::hsm);

    const auto& record = world.ledger.records.at(0).members;
    CHECK(*record.at("backend").string() == "pkcs11");
    CHECK(*record.at("algorithm").string() == "Ed25519");
    CHECK(*record.at("custody").string() == "hsm");
    CHECK(*record.at("token").string() == "0123");
}

TEST_CASE("apply: a key in the TPM is recorded as one", "[daemon][apply][token]") {
    TokenWorld world;
    world.write_file("deploy-bot", "[key]\nalgorithm = \"ES384\"\n");
    REQUIRE(world.apply());
    const auto& record = world.ledger.records.at(0).members;
    CHECK(*record.at("backend").string() == "tpm");
    CHECK(*record.at("algorithm").string() == "ES384");
    CHECK(*record.at("custody").string() == "software-tpm");
    CHECK_FALSE(record.contains("token"));
}

TEST_CASE("apply: an algorithm that is not offered is refused before anything is made",
          "[daemon][apply][token]") {
    TokenWorld world;
    world.write_file("able-bot", in_token);
    world.write_file("deploy-bot", "[key]\nalgorithm = \"Ed25519\"\n");
    for (const char* body : {"", R"({"dry_run":true})"}) {
        const std::string why = world.refusal(body);
        CHECK(why.starts_with("algorithm_unavailable: "));
        CHECK(mentions(why, "agent deploy-bot"));
        CHECK(mentions(why, "asks for Ed25519 in the TPM, which offers ES256 ES384"));
        CHECK(world.nothing_was_made());
    }
}

TEST_CASE("apply: a URI of another token is refused before anything is made",
          "[daemon][apply][token]") {
    TokenWorld world;
    world.write_file("able-bot", in_token);
    world.write_file("deploy-bot", in_another);
    for (const char* body : {R"({"dry_run":true})", ""}) {
        CHECK(
            world.refusal(body).starts_with("other_token: agent deploy-bot: pkcs11:token=others"));
        CHECK(world.nothing_was_made());
    }
}

TEST_CASE("apply: a key in a token stays in it, whatever its file says", "[daemon][apply][token]") {
    TokenWorld world;
    world.write_file("deploy-bot", in_token);
    REQUIRE(world.apply());
    world.write_file("deploy-bot", in_another);
    for (const char* body : {R"({"dry_run":true})", ""})
        CHECK(world.refusal(body).starts_with("other_token: agent deploy-bot"));
    world.write_file("deploy-bot", by_serial);
    CHECK(world.apply());
    CHECK(world.keys.count("create") == 1);
}

TEST_CASE("apply: a token is asked once, and changed files wait", "[daemon][apply][token]") {
    TokenWorld world;
    world.write_file("a-bot", in_token);
    world.write_file("bb-bot", by_serial);
    world.write_file("ccc-bot", in_token);
    REQUIRE(world.apply());
    CHECK(world.keys.tokens_asked == Calls{"pkcs11:token=agents", "pkcs11:serial=0123"});
    world.keys.tokens_asked.clear();
    world.keys.away = Error(Code::unavailable, "replaced").because("keys_unavailable");
    std::filesystem::remove(world.settings.agents_dir + "/ccc-bot.toml");
    CHECK(world.apply());
    CHECK(world.keys.tokens_asked == Calls{"pkcs11:token=agents"});
    CHECK(world.containment.state_of("ccc-bot") == AgentState::suspended);
    world.write_file("bb-bot", in_another);
    CHECK(world.refusal().starts_with("keys_unavailable: agent bb-bot"));
}

TEST_CASE("apply: a place for keys that this host lacks is refused before anything is made",
          "[daemon][apply][token]") {
    TokenWorld world;
    world.write_file("able-bot", "");
    world.write_file("deploy-bot", in_token);
    world.keys.token.reset();
    CHECK(world.refusal().starts_with("no_pkcs11: agent deploy-bot"));
    CHECK(world.nothing_was_made());
    world.keys.token = {KeyAlgorithm::es256};
    world.keys.tpm = false;
    CHECK(world.refusal().starts_with("no_tpm: agent able-bot"));
    CHECK(world.nothing_was_made());
}

TEST_CASE("apply: a dry run shows what it can while a worker is away", "[daemon][apply][token]") {
    TokenWorld world;
    world.write_file("deploy-bot", in_token);
    world.keys.away = Error(Code::unavailable, "replaced").because("keys_unavailable");
    CHECK(world.apply(R"({"dry_run":true})"));
    CHECK(world.refusal().starts_with("keys_unavailable"));
}

TEST_CASE("apply: a key is never another one because its file changed", "[daemon][apply][token]") {
    TokenWorld world;
    world.write_file("deploy-bot", "");
    REQUIRE(world.apply());
    const auto digest = world.agents.at("deploy-bot").digest;
    for (const std::string& key : {in_token, std::string("[key]\nalgorithm = \"ES384\"\n")}) {
        world.write_file("deploy-bot", key);
        const std::string why = world.refusal();
        CHECK(why.starts_with("key_differs: agent deploy-bot"));
        CHECK(mentions(why, "its key is ES256 in the TPM"));
        CHECK(mentions(why, "retire"));
        CHECK(world.agents.at("deploy-bot").digest == digest);
    }
    CHECK(world.keys.count("create") == 1);
    CHECK(world.ledger.records.size() == 1);
}

TEST_CASE("apply: who was retired comes back with the key its file now names",
          "[daemon][apply][token]") {
    TokenWorld world;
    world.write_file("deploy-bot", "");
    REQUIRE(world.apply());
    REQUIRE(world.as_operator(handlers::retire, "deploy-bot"));
    world.write_file("deploy-bot", in_token);
    REQUIRE(world.apply());
    CHECK(world.registry.find("deploy-bot")->key.id == "hsm-deploy-bot-2");
}

TEST_CASE("token: custody is the key's own, not the host's", "[daemon][token]") {
    TokenWorld world;
    world.declare_in_token();
    const auto me = json_of(world.as_agent(handlers::whoami, ""));
    CHECK(text_at(me, {"custody"}) == "hsm");
    CHECK(text_at(me, {"fuse"}) == "object");
    const auto agent = json_of(world.as_operator(handlers::show_agent, HandlerWorld::bot));
    CHECK(text_at(agent, {"custody"}) == "hsm");
    CHECK(text_at(agent, {"backend"}) == "pkcs11");
    CHECK(text_at(agent, {"algorithm"}) == "ES256");
    CHECK(text_at(agent, {"token"}) == "0123");
    CHECK(text_at(agent, {"fuse"}) == "object");

    const auto signed_action = world.as_agent(
        handlers::sign_action,
        R"({"action":"refund.create","audience":"https://payments.example","params":{}})");
    REQUIRE(signed_action);
    const auto& statement = world.ledger.records.back().members.at("statement");
    CHECK(text_at(statement, {"custody"}) == "hsm");
    CHECK(text_at(statement, {"fuse"}) == "object");
}

TEST_CASE("token: a key whose attributes read otherwise has another custody from then on",
          "[daemon][token]") {
    TokenWorld world;
    world.declare_in_token();
    const auto take = [&] { return run_async(world.loop, handlers::take_custody(world.services)); };
    REQUIRE(take());
    CHECK(world.ledger.records.empty());
    world.keys.keys.at("hsm-deploy-bot-2").custody = Custody::unproven;
    REQUIRE(take());
    CHECK(text_at(json_of(world.as_agent(handlers::whoami, "")), {"custody"}) == "unproven");
    CHECK(world.registry.find(HandlerWorld::bot)->key.custody == Custody::unproven);
    REQUIRE(world.ledger.records.size() == 1);
    CHECK(world.ledger.records[0].type == "custody");
    CHECK(*world.ledger.records[0].members.at("was").string() == "hsm");
    REQUIRE(take());
    CHECK(world.ledger.records.size() == 1);
}

TEST_CASE("token: an agent in the TPM beside it keeps the chip's custody", "[daemon][token]") {
    TokenWorld world;
    world.declare(HandlerWorld::bot);
    CHECK(text_at(json_of(world.as_agent(handlers::whoami, "")), {"custody"}) == "software-tpm");
    const auto agent = json_of(world.as_operator(handlers::show_agent, HandlerWorld::bot));
    CHECK(text_at(agent, {"custody"}) == "software-tpm");
    CHECK(text_at(agent, {"token"}).empty());
}

TEST_CASE("token: a key of a TPM that is gone has no custody to claim", "[daemon][token]") {
    TokenWorld world;
    world.declare(HandlerWorld::bot);
    world.keys.tpm = false;
    CHECK(text_at(json_of(world.as_agent(handlers::whoami, "")), {"custody"}) == "unproven");
}

TEST_CASE("token: to revoke is to destroy the key object, and done when it is gone",
          "[daemon][token][containment]") {
    TokenWorld world;
    world.declare_in_token();
    const auto json = json_of(world.as_operator(handlers::revoke, HandlerWorld::bot));
    CHECK(text_at(json, {"stages", "fuse"}) == "done");
    CHECK(text_at(json, {"state"}) == "revoked");
    CHECK(world.keys.calls == Calls{"blow_fuse hsm-deploy-bot-2", "flush_sessions ", "sign ca"});
}

TEST_CASE("status: shows the token, and what is wrong with it", "[daemon][status][token]") {
    TokenWorld world;
    const auto json = json_of(world.as_operator(handlers::status, ""));
    CHECK(text_at(json, {"custody"}) == "software-tpm");
    CHECK(text_at(json, {"token", "name"}) == "agents 0123");
    CHECK(text_at(json, {"token", "manufacturer"}) == "Vendor");
    CHECK(text_at(json, {"token", "custody"}) == "hsm");
    CHECK(text_at(json, {"token", "algorithms"}) == R"(["ES256","Ed25519"])");
    CHECK(text_at(json, {"token", "trouble"}) == "(absent)");

    TokenWorld refused;
    refused.keys.away = Error(Code::denied, "the token refused this PIN");
    const auto trouble = json_of(refused.as_operator(handlers::status, ""));
    CHECK(text_at(trouble, {"token", "trouble"}) == "the token refused this PIN");
}

TEST_CASE("status: another token behind a new worker is asked anew", "[daemon][status][token]") {
    TokenWorld world;
    REQUIRE(world.as_operator(handlers::status, ""));
    world.keys.token = {KeyAlgorithm::es384};
    const auto algorithms = [&] {
        return text_at(json_of(world.as_operator(handlers::status, "")), {"token", "algorithms"});
    };
    CHECK(algorithms() == R"(["ES256","Ed25519"])");
    world.host.forget_token();
    CHECK(algorithms() == R"(["ES384"])");
}

TEST_CASE("status: a host without a token says nothing of one", "[daemon][status][token]") {
    HandlerWorld world;
    CHECK(text_at(json_of(world.as_operator(handlers::status, "")), {"token"}) == "(absent)");
}

TEST_CASE("enroll: without a TPM there is nothing to enrol, and nobody is asked",
          "[daemon][enroll][token]") {
    TokenWorld world;
    world.settings.tpm_tcti = "none";
    world.keys.tpm = false;
    CHECK(reason_of(world.as_operator(handlers::enroll_host, "")) == "no_tpm");
    const auto refused =
        world.as_operator(handlers::enroll_activate, "", R"({"blob":"AAAA","secret":"AAAA"})");
    CHECK(reason_of(refused) == "no_tpm");
    CHECK(refused.error().code() == Code::conflict);
    CHECK(world.keys.calls.empty());
}
