// The table of approvals: what it keeps, what it forgets, and what it refuses.
#include "core/crypto/digest.h"
#include "daemon/state/approvals.h"
#include "tests/support/catch.h"

using namespace holdfast;
using daemon::Approvals;

namespace {

constexpr std::int64_t now = 1'700'000'000;

policy::Approval approval(std::int64_t expires, unsigned number) {
    policy::ApprovalDocument document;
    const std::string text = std::to_string(number);
    const Sha256 digest = crypto::sha256(view_of(text));
    document.id = policy::approval_id(ByteView(digest).first(policy::approval_id_bytes));
    document.host = "host.test";
    document.agent = "spiffe://host.test/agent/bot";
    document.action.action = "refund.create";
    document.action.audience = "https://payments.example";
    document.rule = "r";
    document.demand = {1, "finance", {}};
    document.expires = expires;
    auto asked = policy::Approval::ask(document);
    if (!asked) FAIL(asked.error().text());
    return *std::move(asked);
}

std::string reason(const Done& result) {
    return result ? "done" : result.error().reason();
}

std::string agent(unsigned number) {
    return "agent-" + std::to_string(number / daemon::max_open_approvals_per_agent);
}

}  // namespace

TEST_CASE("approvals kept: no more than the table holds, while all are open", "[daemon][state]") {
    Approvals approvals;
    for (unsigned i = 0; i < daemon::max_approvals_kept; ++i)
        REQUIRE(approvals.add(agent(i), approval(now + 100 + i, i), now));
    CHECK(reason(approvals.add("new", approval(now + 900, 5000), now)) == "too_many_approvals");
    CHECK(approvals.all().size() == daemon::max_approvals_kept);
    SECTION("the one that ended first makes room") {
        const std::string first = approval(now + 100, 0).document().id;
        const std::string second = approval(now + 101, 1).document().id;
        CHECK(approvals.add("new", approval(now + 900, 5000), now + 101));
        CHECK(approvals.all().size() == daemon::max_approvals_kept);
        CHECK_FALSE(approvals.find(first));
        CHECK(approvals.find(second));
    }
    SECTION("so does one that was denied") {
        const std::string id = approval(now + 500, 400).document().id;
        REQUIRE((*approvals.find(id))->approval.deny("carol", "", now));
        CHECK(approvals.add("new", approval(now + 900, 5000), now));
        CHECK_FALSE(approvals.find(id));
    }
}

TEST_CASE("approvals kept: an id is there once", "[daemon][state]") {
    Approvals approvals;
    REQUIRE(approvals.add("a", approval(now + 1, 1), now));
    CHECK_FALSE(approvals.add("b", approval(now + 1, 1), now));
}

TEST_CASE("approvals kept: seen to expire before it was told, one is told all the same",
          "[daemon][state]") {
    Approvals approvals;
    REQUIRE(approvals.add("a", approval(now + 1, 1), now));
    const policy::Approval& kept = approvals.all().begin()->second.approval;
    REQUIRE_FALSE(kept.is_open(now + 1));
    // The clock is back.
    CHECK_FALSE(kept.is_open(now));
    CHECK(approvals.next_end() == now + 1);
    CHECK(approvals.newly_expired(now).size() == 1);
    CHECK(approvals.newly_expired(now + 1).empty());
    CHECK_FALSE(approvals.next_end());
}

TEST_CASE("approvals kept: a stopped agent's are forgotten, nobody else's", "[daemon][state]") {
    Approvals approvals;
    REQUIRE(approvals.add("a", approval(now + 1, 1), now));
    REQUIRE(approvals.add("b", approval(now + 1, 2), now));
    REQUIRE(approvals.add("a", approval(now + 1, 3), now));
    approvals.forget("a");
    REQUIRE(approvals.all().size() == 1);
    CHECK(approvals.all().begin()->second.agent == "b");
}
