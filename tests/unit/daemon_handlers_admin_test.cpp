#include "api/openapi.h"
#include "core/encode/pem.h"
#include "ledger/checkpoint.h"
#include "tests/support/catch.h"
#include "tests/support/handler_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;
using daemon::AgentState;

namespace {

struct AdminWorld : HandlerWorld {
    AdminWorld() { declare(bot); }
};

}  // namespace

TEST_CASE("status: says custody, ledger, agents, links, and that --dev separates nothing",
          "[daemon][status]") {
    AdminWorld world;
    world.declare("other-bot");
    world.containment.set("other-bot", AgentState::suspended);
    world.settings.dev = true;
    world.services.links = [] {
        return std::map<std::string, std::string>{{"keys", "attached"}, {"measurer", "replacing"}};
    };
    const auto json = json_of(world.as_operator(handlers::status, ""));
    CHECK(text_at(json, {"agents"}) == R"({"active":1,"suspended":1})");
    CHECK(text_at(json, {"custody"}) == "software-tpm");
    CHECK(text_at(json, {"manufacturer"}) == "IBM ");
    CHECK(text_at(json, {"privileges"}) == "not separated");
    CHECK(text_at(json, {"ledger", "failed"}) == "false");
    CHECK(text_at(json, {"ledger", "size"}) == "0");
    CHECK(text_at(json, {"links"}) == R"({"keys":"attached","measurer":"replacing"})");
    CHECK(text_at(json, {"register"}) == R"({"anchor_pcr":13,"events":1,"state":"ready"})");
    CHECK(text_at(json, {"trust_domain"}) == "host.test");
    CHECK(text_at(json, {"unsettled"}) == "[]");
    CHECK(world.keys.calls.empty());
}

TEST_CASE("status: a broken register is said, with its reason", "[daemon][status]") {
    AdminWorld world;
    world.keys.register_status.state = RegisterState::broken;
    world.keys.register_status.reason = "the TPM holds something else";
    const auto json = json_of(world.as_operator(handlers::status, ""));
    CHECK(text_at(json, {"register", "state"}) == "broken");
    CHECK(text_at(json, {"register", "reason"}) == "the TPM holds something else");
}

TEST_CASE("status: answers while keys worker and disk are gone", "[daemon][status]") {
    AdminWorld world;
    world.keys.away = Error(Code::unavailable, "replaced").because("keys_unavailable");
    world.ledger.disk_full = true;
    REQUIRE(world.as_operator(handlers::revoke, AdminWorld::bot));
    const auto json = json_of(world.as_operator(handlers::status, ""));
    CHECK(text_at(json, {"custody"}).empty());
    CHECK(text_at(json, {"register"}) == "null");
    CHECK(text_at(json, {"ledger", "failed"}) == "true");
    CHECK(text_at(json, {"unsettled"}) == R"(["deploy-bot"])");
}

TEST_CASE("agents: each with its state, key, fuse and declaration", "[daemon][agents]") {
    AdminWorld world;
    const auto shown = json_of(world.as_operator(handlers::show_agent, AdminWorld::bot));
    CHECK(text_at(shown, {"name"}) == "deploy-bot");
    CHECK(text_at(shown, {"state"}) == "active");
    CHECK(text_at(shown, {"key_id"}) == "agent-deploy-bot-1");
    CHECK(text_at(shown, {"fuse"}) == "counter");
    CHECK(text_at(shown, {"declared", "sponsor"}) == "finance@example.org");
    const auto listed = json_of(world.as_operator(handlers::list_agents, ""));
    REQUIRE(listed.find("agents") != nullptr);
    CHECK(*listed.find("agents") == encode::Json(encode::Json::Array{shown}));

    world.agents.clear();
    const auto undeclared = json_of(world.as_operator(handlers::show_agent, AdminWorld::bot));
    CHECK(text_at(undeclared, {"declared"}) == "null");
}

TEST_CASE("ledger head: a checkpoint of the durable head, signed by the ledger key",
          "[daemon][ledger]") {
    AdminWorld world;
    REQUIRE(world.as_operator(handlers::suspend, AdminWorld::bot));
    world.keys.calls.clear();
    const auto json = json_of(world.as_operator(handlers::ledger_head, ""));
    CHECK(text_at(json, {"size"}) == "1");
    CHECK(world.keys.calls == std::vector<std::string>{"sign ledger"});
    const auto signed_text = std::string(text_of(world.keys.last_preimage));
    const auto checkpoint = ledger::parse_checkpoint(signed_text);
    REQUIRE(checkpoint);
    CHECK(checkpoint->origin == "host.test/ledger");
    CHECK(checkpoint->head == world.ledger.head());
    CHECK(text_at(json, {"checkpoint"}).starts_with(signed_text + "\n"));
    const auto key = encode::from_pem(text_at(json, {"key_pem"}), "PUBLIC KEY");
    REQUIRE(key);
    CHECK(key->front() == some_spki());
}

TEST_CASE("ledger resume: signing is back after the disk is, and who said so is recorded",
          "[daemon][ledger]") {
    AdminWorld world;
    world.ledger.disk_full = true;
    const auto json = json_of(world.as_operator(handlers::ledger_resume, ""));
    CHECK(text_at(json, {"size"}) == "1");
    CHECK_FALSE(world.ledger.failed());
    REQUIRE(world.ledger.count("resume") == 1);
    CHECK(*world.ledger.records.back().members.at("by").string() == "login:1000");
}

TEST_CASE("enroll: the host's EK and AK go out, an activated secret comes back",
          "[daemon][enroll]") {
    AdminWorld world;
    const auto host = json_of(world.as_operator(handlers::enroll_host, ""));
    CHECK(text_at(host, {"ek_public"}) == "AQID");
    CHECK(text_at(host, {"ak_public"}) == "BAUG");
    CHECK(text_at(host, {"custody"}) == "software-tpm");
    REQUIRE(host.find("ek_certificates") != nullptr);
    CHECK(host.find("ek_certificates")->array()->size() == 1);

    const auto secret =
        json_of(world.as_operator(handlers::enroll_activate, "", R"({"blob":"AQ","secret":"Ag"})"));
    CHECK(text_at(secret, {"secret"}) == "AQI");
}

TEST_CASE("enroll: oversized blobs never reach the chip", "[daemon][enroll]") {
    AdminWorld world;
    const std::string past = encode::base64url(Bytes(1025, 1));
    CHECK(reason_of(world.as_operator(handlers::enroll_activate, "",
                                      R"({"blob":")" + past + R"(","secret":"Ag"})")) ==
          "malformed_request");
    CHECK(world.keys.calls.empty());
    const std::string at = encode::base64url(Bytes(1024, 1));
    CHECK(world.as_operator(handlers::enroll_activate, "",
                            R"({"blob":")" + at + R"(","secret":"Ag"})"));
}

TEST_CASE("openapi: the document is what was built in", "[daemon][openapi]") {
    AdminWorld world;
    const auto answer = world.as_operator(handlers::openapi, "");
    REQUIRE(answer);
    CHECK(answer->body == api::openapi_document());
}
