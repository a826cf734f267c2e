// Every attack on an approval, through the real handlers: each refused by its own name.
#include "daemon/handlers/approvals.h"
#include "policy/approvals.h"
#include "tests/support/approval_world.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;
using daemon::AgentState;

TEST_CASE("approvals: a replay is refused, also when the signature failed", "[daemon][approvals]") {
    ApprovalWorld world;
    const std::string id = world.approved();
    SECTION("after a signature") {
        REQUIRE(world.use(id));
        CHECK(reason_of(world.use(id)) == "approval_used");
        CHECK(world.keys.count("sign") == 1);
    }
    SECTION("after a failure of the chip") {
        world.keys.sign_refuses = Error(Code::denied, "no").because("fuse_blown");
        CHECK(reason_of(world.use(id)) == "fuse_blown");
        world.keys.sign_refuses.reset();
        CHECK(reason_of(world.use(id)) == "approval_used");
    }
}

TEST_CASE("approvals: a record that was queued uses one up, one that was refused at once does not",
          "[daemon][approvals]") {
    ApprovalWorld world;
    const std::string id = world.approved();
    REQUIRE(world.as_agent(handlers::credential, ""));  // or its record would be the next
    world.ledger.refuse_next = true;
    CHECK(world.use(id).error().code() == Code::invalid);
    CHECK(world.state(id) == "approved");
    SECTION("then it is good for one") {
        REQUIRE(world.use(id));
        CHECK(reason_of(world.use(id)) == "approval_used");
    }
    SECTION("a record that the disk lost had used it") {
        world.ledger.fail_next = true;
        CHECK(reason_of(world.use(id)) == "ledger_failed");
        CHECK(reason_of(world.use(id)) == "approval_used");
    }
    CHECK(world.ledger.count("action") <= 1);
}

TEST_CASE("approvals: two at once use one approval once", "[daemon][approvals]") {
    ApprovalWorld world;
    const std::string id = world.approved();
    world.keys.hold();
    const auto body = ApprovalWorld::with(id);
    const auto first = world.begin_as_agent(handlers::sign_action, body);
    const auto second = world.begin_as_agent(handlers::sign_action, body);
    world.run_ready();
    world.keys.let_go();
    const auto one = world.finish(first);
    const auto two = world.finish(second);
    CHECK(one.has_value() != two.has_value());
    CHECK(reason_of(one ? two : one) == "approval_used");
    CHECK(world.ledger.count("action") == 1);
}

TEST_CASE("approvals: another parameter than the approved one is refused", "[daemon][approvals]") {
    ApprovalWorld world;
    const std::string id = world.approved();
    std::string altered = ApprovalWorld::refund;
    altered.replace(altered.find("50"), 2, "5000");
    check_refused(world, world.use(id, altered), "approval_mismatch");
    CHECK(world.state(id) == "approved");
}

TEST_CASE("approvals: other code than the one that asked is refused", "[daemon][approvals]") {
    ApprovalWorld world;
    const std::string id = world.approved();
    world.callers[ApprovalWorld::bot].view.measurement.digest.fill(0xbb);
    check_refused(world, world.use(id), "approval_mismatch");
}

TEST_CASE("approvals: nobody approves for themselves", "[daemon][approvals]") {
    ApprovalWorld world;
    SECTION("by the agent's uid") {
        world.name_operators(operator_toml("mallory", world.stranger, "\"finance\"",
                                           std::to_string(world.peer.uid)));
    }
    SECTION("by the agent's name") {
        world.name_operators(operator_toml(ApprovalWorld::bot, world.stranger));
    }
    const std::string id = world.ask();
    CHECK(reason_of(world.approve(id, world.stranger)) == "self_approval");
    CHECK(last_what(world) == "refused");
    CHECK(world.state(id) == "pending");
}

TEST_CASE("approvals: expired, they neither are given nor used", "[daemon][approvals]") {
    ApprovalWorld world;
    const std::string id = world.approved();
    const std::string late = world.ask();
    const std::string document = world.document_of(late);
    world.time += 900;
    check_refused(world, world.use(id), "approval_expired");
    CHECK(reason_of(world.send(late, world.carol.armored(document))) == "approval_expired");
    CHECK(world.state(late) == "expired");
}

TEST_CASE("approvals: once told to have expired, they stay so when the clock goes back",
          "[daemon][approvals]") {
    ApprovalWorld world;
    const std::string id = world.approved();
    const std::string late = world.ask();
    const std::string document = world.document_of(late);
    world.time += 900;
    REQUIRE(run_async(world.loop, handlers::expire_approvals(world.services)));
    CHECK(last_what(world) == "expired");
    world.time -= 900;
    check_refused(world, world.use(id), "approval_expired");
    CHECK(reason_of(world.send(late, world.carol.armored(document))) == "approval_expired");
    CHECK(reason_of(world.as_operator(handlers::deny, late, R"({"reason":"no"})", "uid:0")) ==
          "approval_expired");
    CHECK(world.state(id) == "expired");
}

TEST_CASE("approvals: a signature for another use, of somebody else or over something else",
          "[daemon][approvals]") {
    ApprovalWorld world;
    const std::string id = world.ask();
    const std::string other = world.ask();
    const std::string document = world.document_of(id);
    CHECK(reason_of(world.send(id, world.carol.armored(document, "holdfast-policy"))) ==
          "wrong_namespace");
    CHECK(reason_of(world.approve(id, world.stranger)) == "unknown_signer");
    CHECK(reason_of(world.approve(id, world.erin)) == "not_an_approver");
    CHECK(reason_of(world.send(other, world.carol.armored(document))) == "bad_signature");
    CHECK(reason_of(world.send(id, "nothing")) == "malformed_signature");
    CHECK(world.state(id) == "pending");
    CHECK(last_what(world) == "refused");
}

TEST_CASE("approvals: one operator twice is one operator", "[daemon][approvals]") {
    ApprovalWorld world;
    const std::string id = world.ask();
    REQUIRE(world.approve(id, world.carol));
    CHECK(reason_of(world.approve(id, world.carol)) == "duplicate_approver");
    check_refused(world, world.use(id), "approval_pending");
}

TEST_CASE("approvals: an id that is nobody's, or another agent's, is unknown",
          "[daemon][approvals]") {
    ApprovalWorld world;
    const std::string id = world.approved();
    check_refused(world, world.use("ap-0"), "unknown_approval");
    CHECK(reason_of(world.approve("ap-0", world.carol)) == "unknown_approval");
    CHECK(reason_of(world.as_operator(handlers::show_approval, "ap-0")) == "unknown_approval");
    CHECK(reason_of(world.as_operator(handlers::deny, "ap-0", "", "uid:0")) == "malformed_request");
    CHECK(reason_of(world.as_operator(handlers::deny, "ap-0", "{}", "uid:0")) ==
          "unknown_approval");
    world.declare("other-bot");
    world.callers[ApprovalWorld::bot].agent = "other-bot";
    check_refused(world, world.use(id), "unknown_approval");
    CHECK(reason_of(world.wait(id)) == "unknown_approval");
}

TEST_CASE("approvals: what policy says at the use counts", "[daemon][approvals]") {
    ApprovalWorld world;
    const std::string id = world.approved();
    SECTION("a forbid") {
        world.forbid();
        check_refused(world, world.use(id), "forbidden_by_policy");
    }
    SECTION("more approvals") {
        world.demand({3, "finance", {}});
        check_refused(world, world.use(id), "approval_mismatch");
    }
    SECTION("of others") {
        world.demand({2, "on-call", {}});
        check_refused(world, world.use(id), "approval_mismatch");
    }
    SECTION("operators who left") {
        world.name_operators(operator_toml("carol", world.carol));
        check_refused(world, world.use(id), "unknown_signer");
    }
}

TEST_CASE("approvals: a stop wins over an approval, also after it was undone",
          "[daemon][approvals]") {
    ApprovalWorld world;
    const std::string id = world.approved();
    REQUIRE(world.as_operator(handlers::suspend, ApprovalWorld::bot));
    world.keys.calls.clear();
    check_refused(world, world.use(id), "agent_suspended");
    CHECK(reason_of(world.wait(id)) == "agent_suspended");
    REQUIRE(world.as_operator(handlers::reinstate, ApprovalWorld::bot, "", "login:2000"));
    check_refused(world, world.use(id), "unknown_approval");
}

TEST_CASE("approvals: a stop, a denial or other code while the credential is made wins",
          "[daemon][approvals]") {
    ApprovalWorld world;
    const std::string id = world.approved();
    std::string wanted;
    bool done_once = false;
    const auto once = [&](auto what) {
        world.ledger.when_queued = [&, what] {
            if (done_once || world.ledger.records.back().type != "credential") return;
            done_once = true;
            what();
        };
    };
    SECTION("a suspension") {
        wanted = "agent_suspended";
        once([&] { world.containment.set(ApprovalWorld::bot, AgentState::suspended); });
    }
    SECTION("a denial") {
        wanted = "approval_denied";
        once([&] {
            auto kept = world.services.ongoing.approvals.find(id);
            REQUIRE((*kept)->approval.deny("carol", "", world.time));
        });
    }
    SECTION("other code") {
        wanted = "measurement_changed";
        once([&] {
            world.code_is_the_same = Error(Code::denied, "executed").because("measurement_changed");
        });
    }
    SECTION("a demand that was not there before") {
        wanted = "approval_required";
        world.demand({});
        once([&] { world.demand({1, "finance", {}}); });
        CHECK(reason_of(world.as_agent(handlers::sign_action, ApprovalWorld::refund)) == wanted);
        CHECK(world.keys.calls.empty());
        return;
    }
    check_refused(world, world.use(id), wanted);
}
