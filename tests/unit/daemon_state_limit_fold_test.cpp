// What the ledger's records make of limits; and what is no record of ours.
#include <limits>

#include "core/encode/statement.h"
#include "daemon/state/limit_fold.h"
#include "tests/support/catch.h"
#include "tests/support/limit_samples.h"

using namespace holdfast;
using namespace holdfast::tests;
using daemon::LimitFold;
using encode::Json;

namespace {

constexpr std::int64_t now = 1'700'000'000;

struct FoldBench {
    explicit FoldBench(std::vector<policy::Limit> declared_limits)
        : declared(std::move(declared_limits)), limits(policy::DeclaredLimits{{"bot", declared}}) {}
    std::vector<policy::Limit> declared;
    policy::Limits limits;

    Done take(const std::string& type, Json::Object members, std::uint64_t index = 0,
              std::int64_t time = now) {
        return LimitFold(limits).take({type, time, index, std::move(members)});
    }
    std::uint64_t used(std::size_t which = 0) const {
        return limits.use("bot", declared[which], now)->used;
    }
};

Json::Object action_record(const std::string& params = R"({"amount":5})",
                           const std::string& agent = "bot") {
    Statement statement;
    statement.action = refund(params);
    statement.agent = "spiffe://host.test/agent/" + agent;
    statement.time = now;
    Json::Object record;
    record["statement"] = encode::to_json(statement);
    return record;
}

}  // namespace

TEST_CASE("limit fold: actions count for their agent, and withheld ones do not",
          "[daemon][limits]") {
    FoldBench bench({sum_limit("money", "amount", 100, 60), count_limit("n", 9, 60)});
    REQUIRE(bench.take("start", {}));
    REQUIRE(bench.take("action", action_record(), 1));
    REQUIRE(bench.take("action", action_record(), 2));
    REQUIRE(bench.take("action", action_record("", "bot"), 3));  // no amount
    REQUIRE(bench.take("action", action_record(R"({"amount":5})", "another"), 4));
    CHECK(bench.used(0) == 10);
    CHECK(bench.used(1) == 3);
    REQUIRE(bench.take("withheld", {{"sequence", std::int64_t{2}}}, 5));
    CHECK(bench.used(0) == 5);
    CHECK(bench.used(1) == 2);
}

TEST_CASE("limit fold: a block counts, what was drawn from it does not", "[daemon][limits]") {
    FoldBench bench({in_hardware(count_limit("chip", 99, 60))});
    const std::string shape = policy::shape_digest(bench.declared[0]);
    const auto block = daemon::members_of({"bot", "chip", shape, "", 6, now + 60});
    REQUIRE(bench.take(daemon::limit_block_type, block));
    auto drawn = action_record();
    drawn["limit_blocks"] = Json::Array{Json("chip@" + shape)};
    REQUIRE(bench.take("action", drawn, 1));
    CHECK(bench.used() == 6);
    REQUIRE(bench.take("action", action_record(), 2));
    CHECK(bench.used() == 7);
}

TEST_CASE("limit fold: a block of another shape counts nothing, what was drawn from it counts",
          "[daemon][limits]") {
    FoldBench bench({in_hardware(sum_limit("chip", "amount", 99, 60))});
    REQUIRE(bench.take(daemon::limit_block_type,
                       daemon::members_of({"bot", "chip", "00112233aabbccdd", "", 6, now + 60})));
    CHECK(bench.used() == 0);
    auto drawn = action_record();
    drawn["limit_blocks"] = Json::Array{Json("chip@00112233aabbccdd")};
    REQUIRE(bench.take("action", drawn, 1));
    CHECK(bench.used() == 5);
}

TEST_CASE("limit fold: records from before there were shapes go by the name", "[daemon][limits]") {
    FoldBench bench({in_hardware(count_limit("chip", 99, 60))});
    auto block = daemon::members_of({"bot", "chip", "", "", 6, now + 60});
    block.erase("shape");
    REQUIRE(bench.take(daemon::limit_block_type, block));
    auto drawn = action_record();
    drawn["limit_blocks"] = Json::Array{Json("chip")};
    REQUIRE(bench.take("action", drawn, 1));
    CHECK(bench.used() == 6);
}

TEST_CASE("limit fold: only an accepted anchor spends hardware limits", "[daemon][limits]") {
    FoldBench bench({in_hardware(count_limit("chip", 99, 60))});
    REQUIRE(bench.take("anchor", {{"why", "start"}, {"value", std::int64_t{3}}}));
    CHECK(bench.used() == 0);
    REQUIRE(bench.take("anchor", {{"why", "accept"}, {"value", std::int64_t{4}}}));
    CHECK(bench.used() == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("limit fold: a counted record that cannot be read is an error", "[daemon][limits]") {
    FoldBench bench({count_limit("n", 9, 60)});
    CHECK_FALSE(bench.take("action", {}));
    for (const char* member : {"agent", "action", "audience", "time"}) {
        INFO(member);
        auto record = action_record();
        Json::Object statement = *record["statement"].object();
        statement[member] = true;
        record["statement"] = statement;
        CHECK_FALSE(bench.take("action", record));
    }
    for (const Json& blocks : {Json("chip"), Json(Json::Array{Json(1)})}) {
        auto record = action_record();
        record["limit_blocks"] = blocks;
        CHECK_FALSE(bench.take("action", record));
    }
    CHECK_FALSE(bench.take("withheld", {{"sequence", std::int64_t{-1}}}));
    for (const auto& [member, value] : daemon::members_of({"bot", "n", "", "", 1, now})) {
        INFO(member);
        auto block = daemon::members_of({"bot", "n", "", "", 1, now});
        block[member] = Json();
        CHECK_FALSE(bench.take(daemon::limit_block_type, block));
    }
    CHECK(bench.used() == 0);
}
