// Who answered for a record, found in a ledger on a real disk.
#include "daemon/state/answerable.h"
#include "tests/support/catch.h"
#include "tests/support/durable_ledger_bench.h"
#include "tests/support/temporary_directory.h"

using namespace holdfast;
using daemon::who_answers;
using encode::Json;
using tests::Bench;

namespace {

struct Records {
    tests::TemporaryDirectory place;
    Bench bench{place.path()};
    std::unique_ptr<daemon::DurableLedger> ledger = bench.opened();

    std::uint64_t add(const std::string& type, Json::Object members) {
        const auto index = bench.run(ledger->append(type, std::move(members)));
        REQUIRE(index);
        return *index;
    }
    std::uint64_t declare(const std::string& agent, const std::string& owner) {
        return add("agent", {{"agent", agent},
                             {"can_stop", Json::Array{"oncall", "carol"}},
                             {"owner", owner},
                             {"policy_author", "author"},
                             {"sponsor", "sponsor"}});
    }
    std::uint64_t act(const std::string& agent) {
        return add("action", {{"statement",
                               Json(Json::Object{{"agent", "spiffe://h1.test/agent/" + agent}})}});
    }
    Result<daemon::Answerable> who(std::uint64_t sequence) {
        return who_answers(place.path() + "/ledger", ledger->head(), sequence);
    }
    std::string refused(std::uint64_t sequence) {
        const auto found = who(sequence);
        return found ? "found " + found->agent : found.error().reason();
    }
};

}  // namespace

TEST_CASE("accountability: who answered is who was declared when it was recorded",
          "[daemon][accountability]") {
    Records records;
    const auto declared = records.declare("bot", "first owner");
    (void)records.declare("other", "another owner");
    const auto action = records.act("bot");
    const auto later = records.declare("bot", "second owner");
    const auto next = records.act("bot");
    const auto found = records.who(action);
    REQUIRE(found);
    CHECK(found->type == "action");
    CHECK(found->agent == "bot");
    CHECK(found->declared == declared);
    CHECK(found->owner == "first owner");
    CHECK(found->sponsor == "sponsor");
    CHECK(found->policy_author == "author");
    CHECK(found->can_stop == std::vector<std::string>{"oncall", "carol"});
    CHECK(records.who(next)->owner == "second owner");
    CHECK(records.who(later)->declared == later);
}

TEST_CASE("accountability: every kind of record about an agent is answered for",
          "[daemon][accountability]") {
    Records records;
    (void)records.declare("bot", "owner");
    for (const char* type : {"refused", "credential", "evidence", "launch"})
        CHECK(records.who(records.add(type, {{"agent", "bot"}}))->owner == "owner");
    const auto stop =
        records.who(records.add("containment", {{"agent", "bot"}, {"by", "login:7"}}));
    REQUIRE(stop);
    CHECK(stop->stopped_by == "login:7");
    const auto action = records.act("bot");
    const auto withheld =
        records.who(records.add("withheld", {{"sequence", static_cast<std::int64_t>(action)}}));
    REQUIRE(withheld);
    CHECK(withheld->agent == "bot");
    CHECK(withheld->type == "withheld");
    (void)records.add("approval", {{"agent", "bot"}, {"approval", "ap-1"}, {"what", "asked"}});
    (void)records.add("approval", {{"agent", "other"}, {"approval", "ap-2"}, {"what", "asked"}});
    CHECK(records.who(records.add("approval", {{"approval", "ap-1"}, {"by", "carol"}}))->agent ==
          "bot");
}

TEST_CASE("accountability: an approved action names who approved it", "[daemon][accountability]") {
    Records records;
    (void)records.declare("bot", "owner");
    const Json signatures =
        Json::Array{Json(Json::Object{{"by", "carol"}}), Json(Json::Object{{"by", "dave"}})};
    const auto index = records.add(
        "action", {{"statement", Json(Json::Object{{"agent", "spiffe://h1.test/agent/bot"}})},
                   {"approvals", Json(Json::Object{{"signatures", signatures}})}});
    CHECK(records.who(index)->approved_by == std::vector<std::string>{"carol", "dave"});
}

TEST_CASE("accountability: a record of nobody's agent, or of none, is said to be that",
          "[daemon][accountability]") {
    Records records;
    const auto before = records.act("bot");
    CHECK(records.refused(before) == "undeclared");
    CHECK(records.refused(records.add("start", {{"version", "1"}})) == "no_agent");
    CHECK(records.refused(records.add("withheld", {{"sequence", 700}})) == "no_agent");
    CHECK(records.refused(records.ledger->head().size) == "unknown_record");
    CHECK(records.refused(UINT64_MAX) == "unknown_record");
}

TEST_CASE("accountability: a ledger that is not the daemon's own is not asked",
          "[daemon][accountability]") {
    Records records;
    const auto declared = records.declare("bot", "owner");
    LedgerHead other = records.ledger->head();
    other.root[0] ^= 1;
    CHECK_FALSE(who_answers(records.place.path() + "/ledger", other, declared));
}

TEST_CASE("durable ledger: each record is told once, when it is durable, in order",
          "[daemon][ledger]") {
    Records records;
    std::vector<std::uint64_t> told;
    records.ledger->tell([&](const ledger::Record& record) {
        CHECK(record.time == 1'700'000'000);
        CHECK(record.members.contains("agent"));
        told.push_back(record.index);
    });
    auto unawaited = records.ledger->append("refused", {{"agent", "bot"}});
    CHECK(told.empty());
    (void)records.add("refused", {{"agent", "bot"}});
    CHECK(told == std::vector<std::uint64_t>{0, 1});
    (void)records.bench.run(std::move(unawaited));
    CHECK(told.size() == 2);
}
