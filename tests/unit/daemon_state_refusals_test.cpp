#include "daemon/state/refusals.h"
#include "tests/support/catch.h"
#include "tests/support/fake_ledger.h"
#include "tests/support/run_async.h"

using namespace holdfast;
using daemon::Refusal;
using daemon::Refusals;

namespace {

constexpr std::int64_t start = 1'700'000'000;

struct Bench {
    boost::asio::io_context loop;
    tests::FakeLedger ledger;
    std::int64_t now = start;
    Refusals refusals{ledger, [this] { return now; }};

    Done refuse(const Refusal& refusal) { return tests::run_async(loop, refusals.record(refusal)); }
    void refuse_strangers(std::uint64_t times, uid_t uid) {
        for (std::uint64_t i = 0; i < times; ++i)
            REQUIRE(refuse(Refusal{"", uid, 42, "connect", "unrecognised_caller", {}}));
    }
    std::int64_t number(const std::string& name) const {
        const auto& members = ledger.records.back().members;
        REQUIRE(members.contains(name));
        REQUIRE(members.at(name).integer() != nullptr);
        return *members.at(name).integer();
    }
};

Refusal of_agent(encode::Json::Object asked = {}) {
    return Refusal{"bot", 1001, 42, "action", "action_not_allowed", std::move(asked)};
}

}  // namespace

TEST_CASE("refusals: an agent's refusal is a record that says what was asked", "[daemon][state]") {
    Bench bench;
    REQUIRE(bench.refuse(of_agent({{"action", "refund.create"}})));
    REQUIRE(bench.ledger.count("refused") == 1);
    const auto& members = bench.ledger.records[0].members;
    CHECK(members.at("agent") == encode::Json("bot"));
    CHECK(members.at("uid") == encode::Json(1001));
    CHECK(members.at("reason") == encode::Json("action_not_allowed"));
    CHECK(*members.at("asked").find("action") == encode::Json("refund.create"));
}

TEST_CASE("refusals: a stranger has no say in what is stored", "[daemon][state]") {
    Bench bench;
    Refusal refusal{"", 1002, 42, "connect", "unrecognised_caller", {{"action", "text of theirs"}}};
    REQUIRE(bench.refuse(refusal));
    CHECK_FALSE(bench.ledger.records[0].members.contains("asked"));
}

TEST_CASE(
    "refusals: a stranger past the budget is only counted, and summed once the window is over",
    "[daemon][state]") {
    Bench bench;
    bench.refuse_strangers(daemon::refusals_per_stranger, 1002);
    CHECK(bench.ledger.count("refused") == daemon::refusals_per_stranger);
    bench.refuse_strangers(1000, 1002);
    CHECK(bench.ledger.count("refused") == daemon::refusals_per_stranger);
    bench.now += daemon::refusal_window - 1;
    bench.refusals.tick();
    CHECK(bench.ledger.count("strangers") == 0);
    bench.now += 1;
    bench.refusals.tick();
    REQUIRE(bench.ledger.count("strangers") == 1);
    CHECK(bench.number("count") == 1000);
    CHECK(bench.number("since") == start);
    const auto* rows = bench.ledger.records.back().members.at("by_uid").array();
    REQUIRE(rows != nullptr);
    REQUIRE(rows->size() == 1);
    CHECK(*(*rows)[0].find("uid") == encode::Json(1002));
    CHECK(*(*rows)[0].find("count") == encode::Json(1000));
    // A new window, a new budget.
    bench.refuse_strangers(1, 1002);
    CHECK(bench.ledger.count("refused") == daemon::refusals_per_stranger + 1);
}

TEST_CASE("refusals: thousands of uids share one budget and one sum of bounded size",
          "[daemon][state]") {
    Bench bench;
    const std::uint64_t uids = daemon::max_counted_strangers + 500;
    for (uid_t uid = 0; uid < uids; ++uid)
        bench.refuse_strangers(2, 100'000 + uid);
    CHECK(bench.ledger.count("refused") == daemon::refusals_of_strangers);
    bench.refusals.close_window();
    REQUIRE(bench.ledger.count("strangers") == 1);
    const auto summed = static_cast<std::int64_t>(2 * uids - daemon::refusals_of_strangers);
    CHECK(bench.number("count") == summed);
    const auto& members = bench.ledger.records.back().members;
    CHECK(members.at("by_uid").array()->size() == daemon::max_summed_rows);
    CHECK(*members.at("by_reason").find("unrecognised_caller") == encode::Json(summed));
}

TEST_CASE("refusals: an agent refused in a loop is summed too", "[daemon][state]") {
    Bench bench;
    for (std::uint64_t i = 0; i < daemon::refusals_per_agent + 7; ++i)
        REQUIRE(bench.refuse(of_agent()));
    CHECK(bench.ledger.count("refused") == daemon::refusals_per_agent);
    bench.refusals.close_window();
    CHECK(bench.ledger.count("refused") == daemon::refusals_per_agent + 1);
    CHECK(bench.number("count") == 7);
}

TEST_CASE("refusals: while the ledger has failed they are counted, and told when it is back",
          "[daemon][state]") {
    Bench bench;
    bench.ledger.disk_full = true;
    bench.refuse_strangers(3, 1002);
    REQUIRE(bench.refuse(of_agent()));
    bench.now += daemon::refusal_window;
    bench.refusals.tick();
    CHECK(bench.ledger.records.empty());
    bench.ledger.disk_full = false;
    bench.refusals.tick();
    REQUIRE(bench.ledger.count("strangers") == 1);
    CHECK(bench.ledger.records[0].members.at("count") == encode::Json(3));
    CHECK(bench.ledger.count("refused") == 1);
}

TEST_CASE("refusals: nothing summed, nothing written", "[daemon][state]") {
    Bench bench;
    REQUIRE(bench.refuse(of_agent()));
    bench.refusals.close_window();
    CHECK(bench.ledger.records.size() == 1);
}

TEST_CASE("refusals: a timer is wanted only while something is counted and not yet written",
          "[daemon][state]") {
    Bench bench;
    bench.refuse_strangers(daemon::refusals_per_stranger, 1002);
    CHECK_FALSE(bench.refusals.sums_due_in());
    bench.now = start + 100;
    bench.refuse_strangers(1, 1002);
    CHECK(bench.refusals.sums_due_in() == daemon::refusal_window - 100);
    bench.now = start - 5000;
    CHECK(bench.refusals.sums_due_in() == daemon::refusal_window);
    bench.now = start + daemon::refusal_window;
    CHECK(bench.refusals.sums_due_in() == 0);
    bench.refusals.tick();
    CHECK(bench.ledger.count("strangers") == 1);
    CHECK_FALSE(bench.refusals.sums_due_in());
}
