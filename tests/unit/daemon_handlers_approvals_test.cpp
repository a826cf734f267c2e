// Approvals through the real handlers: asked for, given, used once; and every attack on them.
#include "daemon/handlers/approvals.h"
#include "policy/approvals.h"
#include "tests/support/approval_world.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;
using daemon::AgentState;

TEST_CASE("approvals: asked, approved by two, signed once with both in the record",
          "[daemon][approvals]") {
    ApprovalWorld world;
    const auto asked = world.as_agent(handlers::sign_action, ApprovalWorld::refund);
    REQUIRE(asked);
    CHECK(asked->status == 202);
    CHECK(world.keys.calls.empty());
    CHECK(last_what(world) == "asked");
    const std::string id = text_at(json_of(asked), {"approval"});
    const std::string document = text_at(json_of(asked), {"document"});
    CHECK(document == world.document_of(id));
    CHECK(text_at(json_of(asked), {"expires_at"}) ==
          std::to_string(ApprovalWorld::start_time + 900));
    const auto read = policy::parse_approval_document(document);
    REQUIRE(read);
    CHECK(read->agent == "spiffe://host.test/agent/deploy-bot");
    CHECK(read->code == world.callers[ApprovalWorld::bot].view.measurement.digest);
    CHECK(read->uid == world.peer.uid);
    CHECK(read->action.params == R"({"amount":50})");

    CHECK(reason_of(world.use(id)) == "approval_pending");
    REQUIRE(world.approve(id, world.carol));
    CHECK(last_what(world) == "approved");
    CHECK(world.state(id) == "pending");
    REQUIRE(world.approve(id, world.dave));
    CHECK(world.state(id) == "approved");

    const auto answer = world.use(id);
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(world.state(id) == "used");
    const auto& record = world.ledger.records.back();
    CHECK(record.type == "action");
    const auto kept = policy::signed_approval_from(record.members.at("approvals"));
    REQUIRE(kept);
    CHECK(policy::check_approvals(*kept, world.services.operators));
    CHECK(*policy::write_approval_document(kept->document) == document);
}

TEST_CASE("approvals: an action that nobody demands approvals for is signed at once",
          "[daemon][approvals]") {
    ApprovalWorld world;
    world.demand({});
    const auto answer = world.as_agent(handlers::sign_action, ApprovalWorld::refund);
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK_FALSE(world.ledger.records.back().members.contains("approvals"));
}

TEST_CASE("approvals: the moment before its end one is still good", "[daemon][approvals]") {
    ApprovalWorld world;
    const std::string id = world.approved();
    world.time += 899;
    CHECK(world.use(id));
}

TEST_CASE("approvals: a denial ends it, by an operator who is asked or by root",
          "[daemon][approvals]") {
    ApprovalWorld world;
    const std::string id = world.approved();
    const auto deny = [&](const std::string& principal) {
        return world.as_operator(handlers::deny, id, R"({"reason":"too much"})", principal);
    };
    CHECK(reason_of(deny("login:1009")) == "not_an_approver");
    CHECK(reason_of(deny("login:1003")) == "not_an_approver");  // erin is on call, not finance
    CHECK(world.state(id) == "approved");
    const auto denied = deny(GENERATE("login:1001", "uid:0"));
    REQUIRE(denied);
    CHECK(last_what(world) == "denied");
    CHECK(text_at(json_of(denied), {"reason"}) == "too much");
    CHECK(world.state(id) == "denied");
    check_refused(world, world.use(id), "approval_denied");
}

TEST_CASE("approvals: no durable record, no request", "[daemon][approvals]") {
    ApprovalWorld world;
    world.ledger.disk_full = true;
    CHECK(reason_of(world.as_agent(handlers::sign_action, ApprovalWorld::refund)) ==
          "ledger_failed");
    CHECK(world.services.ongoing.approvals.all().empty());
}

TEST_CASE("approvals: what is too large to read is not asked for", "[daemon][approvals]") {
    ApprovalWorld world;
    const std::string body =
        R"({"action":"refund.create","audience":"https://payments.example","params":{"a":")" +
        std::string(policy::max_approval_document - 200, 'x') + "\"}}";
    check_refused(world, world.as_agent(handlers::sign_action, body), "too_large_to_approve");
}

TEST_CASE("approvals: an agent has so many open ones, and closed ones do not count",
          "[daemon][approvals]") {
    ApprovalWorld world;
    std::string last;
    for (std::size_t i = 0; i < daemon::max_open_approvals_per_agent; ++i)
        last = world.ask();
    CHECK(last.starts_with("ap-"));
    check_refused(world, world.as_agent(handlers::sign_action, ApprovalWorld::refund),
                  "too_many_approvals");
    REQUIRE(world.as_operator(handlers::deny, last, "{}", "uid:0"));
    CHECK(world.ask().starts_with("ap-"));
    check_refused(world, world.as_agent(handlers::sign_action, ApprovalWorld::refund),
                  "too_many_approvals");
    world.time += 900;
    CHECK(world.ask().starts_with("ap-"));
}

TEST_CASE("approvals: who waits is woken by the last signature, a denial or a stop",
          "[daemon][approvals]") {
    ApprovalWorld world;
    const std::string id = world.ask();
    const auto waiting = world.begin_wait(id, 60);
    world.run_ready();
    REQUIRE_FALSE(waiting->has_value());
    SECTION("signatures") {
        REQUIRE(world.approve(id, world.carol));
        world.run_ready();
        REQUIRE_FALSE(waiting->has_value());
        REQUIRE(world.approve(id, world.dave));
        world.run_ready();
        REQUIRE(waiting->has_value());
        CHECK(text_at(json_of(**waiting), {"state"}) == "approved");
        CHECK(text_at(json_of(**waiting), {"approved"}) == "2");
    }
    SECTION("a denial") {
        REQUIRE(world.as_operator(handlers::deny, id, R"({"reason":"no"})", "uid:0"));
        world.run_ready();
        REQUIRE(waiting->has_value());
        CHECK(text_at(json_of(**waiting), {"state"}) == "denied");
        CHECK(text_at(json_of(**waiting), {"reason"}) == "no");
    }
    SECTION("a stop") {
        REQUIRE(world.as_operator(handlers::suspend, ApprovalWorld::bot));
        world.run_ready();
        REQUIRE(waiting->has_value());
        CHECK(reason_of(**waiting) == "agent_suspended");
    }
    SECTION("other code") {
        world.code_is_the_same = Error(Code::denied, "executed").because("measurement_changed");
        REQUIRE(world.approve(id, world.carol));
        world.run_ready();
        REQUIRE(waiting->has_value());
        CHECK(reason_of(**waiting) == "measurement_changed");
    }
    SECTION("its end") {
        world.time += 900;
        REQUIRE(run_async(world.loop, handlers::expire_approvals(world.services)));
        world.run_ready();
        REQUIRE(waiting->has_value());
        CHECK(text_at(json_of(**waiting), {"state"}) == "expired");
    }
}

TEST_CASE("approvals: a wait ends by itself, and is 0 to 60 seconds", "[daemon][approvals]") {
    ApprovalWorld world;
    const std::string id = world.ask();
    CHECK(text_at(json_of(world.wait(id, 1)), {"state"}) == "pending");
    CHECK(reason_of(world.wait(id, 61)) == "malformed_request");
    CHECK(reason_of(world.wait(id, -1)) == "malformed_request");
}

TEST_CASE("approvals: the end of an unused one is recorded once", "[daemon][approvals]") {
    ApprovalWorld world;
    const std::string open = world.approved();
    const std::string used = world.approved();
    REQUIRE(world.use(used));
    const auto expire = [&] {
        REQUIRE(run_async(world.loop, handlers::expire_approvals(world.services)));
    };
    CHECK(world.services.ongoing.approvals.next_end() == ApprovalWorld::start_time + 900);
    const auto before = world.ledger.records.size();
    expire();
    CHECK(world.ledger.records.size() == before);
    world.time += 900;
    expire();
    REQUIRE(world.ledger.records.size() == before + 1);
    CHECK(last_what(world) == "expired");
    CHECK(*world.ledger.records.back().members.at("approval").string() == open);
    expire();
    CHECK(world.ledger.records.size() == before + 1);
    CHECK_FALSE(world.services.ongoing.approvals.next_end());
}

TEST_CASE("approvals: an operator sees who asks for what, and who has approved it",
          "[daemon][approvals]") {
    ApprovalWorld world;
    const std::string id = world.ask();
    REQUIRE(world.approve(id, world.carol));
    const auto list = json_of(world.as_operator(handlers::list_approvals, ""));
    const auto* rows = list.find("approvals");
    REQUIRE(rows != nullptr);
    REQUIRE(rows->array()->size() == 1);
    const auto& row = rows->array()->front();
    CHECK(text_at(row, {"approval"}) == id);
    CHECK(text_at(row, {"agent"}) == "spiffe://host.test/agent/deploy-bot");
    CHECK(text_at(row, {"action"}) == "refund.create");
    CHECK(text_at(row, {"approved_by"}) == R"(["carol"])");
    CHECK(text_at(row, {"approvers"}) == "finance");
    CHECK(text_at(row, {"needed"}) == "2");
    CHECK(text_at(row, {"state"}) == "pending");
}

TEST_CASE("approvals: operators.toml is in force since apply, and a bad one changes nothing",
          "[daemon][approvals]") {
    ApprovalWorld world;
    world.write_agent_file(ApprovalWorld::bot);
    const auto write = [&](const std::string& text) {
        std::ofstream(world.settings.operators_file) << text;
    };
    write(operator_toml("erin", world.erin));
    CHECK(world.services.operators.find("erin")->groups.front() == "on-call");
    REQUIRE(world.as_operator(handlers::apply, ""));
    CHECK(world.services.operators.find("carol") == nullptr);
    CHECK(world.services.operators.find("erin")->groups.front() == "finance");
    write("[[operator]]\nnam = 1\n");
    CHECK_FALSE(world.as_operator(handlers::apply, ""));
    CHECK(world.services.operators.find("erin") != nullptr);
}
