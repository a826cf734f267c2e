// Hardware limits: nothing is signed but from a block that is on record and under the anchor.
#include "policy/limits.h"
#include "tests/support/catch.h"
#include "tests/support/limit_samples.h"

using namespace holdfast;
using namespace holdfast::policy;
using namespace holdfast::tests;

namespace {

struct BlockBench : LimitBench {
    using LimitBench::LimitBench;

    std::vector<Block> on_record;

    std::optional<Block> next(const Action& action) {
        return std::get<0>(limits.next_block("bot", declared, action, now));
    }
    std::string why_no_block(const Action& action) {
        const auto outcome = limits.next_block("bot", declared, action, now);
        const auto* refusal = std::get_if<LimitRefusal>(&outcome);
        return refusal == nullptr ? "a block or none" : refusal->error.reason();
    }
    void open_next(const Action& action) {
        while (const auto block = next(action)) {
            on_record.push_back(*block);
            limits.open_block(*block);
        }
    }
    // What the next start makes of the ledger.
    void start_again() {
        limits = Limits({{"bot", declared}});
        for (const Block& block : on_record)
            limits.take_block(block, now);
    }
    int drawn_in_all(const Action& action) {
        for (int drawn = 0;; ++drawn) {
            if (why_no_block(action) != "a block or none") return drawn;
            open_next(action);
            if (try_to(action) != "reserved") return drawn;
        }
    }
};

}  // namespace

TEST_CASE("limit blocks: without one nothing is reserved, with one as much as it holds",
          "[policy][limits]") {
    BlockBench bench({in_hardware(count_limit("chip", 32, 3600))});
    CHECK(bench.try_to(refund()) == "limit_block_needed");
    bench.open_next(refund());
    REQUIRE(bench.on_record.size() == 1);
    CHECK(bench.on_record[0].agent == "bot");
    CHECK(bench.on_record[0].limit == "chip");
    CHECK(bench.on_record[0].amount == 2);
    CHECK(bench.on_record[0].until == bench.now + 225);
    CHECK_FALSE(bench.next(refund()));
    const std::string shape = shape_digest(bench.declared[0]);
    CHECK(shape.size() == 16);
    CHECK(bench.on_record[0].shape == shape);
    CHECK(bench.reserved(refund()).blocks == std::vector<std::string>{"chip@" + shape});
    CHECK(bench.try_to(refund()) == "reserved");
    CHECK(bench.try_to(refund()) == "limit_block_needed");
}

TEST_CASE("limit blocks: all of them together are the cap", "[policy][limits]") {
    for (const std::uint64_t cap : {1U, 15U, 16U, 17U, 100U}) {
        INFO(cap);
        BlockBench bench({in_hardware(count_limit("chip", cap, 3600))});
        CHECK(bench.drawn_in_all(refund()) == static_cast<int>(cap));
        CHECK(bench.why_no_block(refund()) == "limit_exceeded");
    }
}

TEST_CASE("limit blocks: a block is as large as is asked for, and no larger than the room",
          "[policy][limits]") {
    BlockBench bench({in_hardware(sum_limit("chip", "amount", 160, 3600))});
    bench.open_next(refund(R"({"amount":150})"));
    CHECK(bench.on_record.back().amount == 150);
    CHECK(bench.try_to(refund(R"({"amount":150})")) == "reserved");
    bench.open_next(refund(R"({"amount":1})"));
    CHECK(bench.on_record.back().amount == 10);
    CHECK(bench.try_to(refund(R"({"amount":7})")) == "reserved");
    bench.open_next(refund(R"({"amount":3})"));
    CHECK(bench.on_record.size() == 2);
    CHECK(bench.why_no_block(refund(R"({"amount":4})")) == "limit_exceeded");
    CHECK(bench.try_to(refund(R"({"amount":0})")) == "reserved");
}

TEST_CASE("limit blocks: after a start a block counts in full, however much was drawn",
          "[policy][limits]") {
    BlockBench bench({in_hardware(count_limit("chip", 32, 3600))});
    bench.open_next(refund());
    CHECK(bench.try_to(refund()) == "reserved");
    bench.start_again();
    CHECK(bench.use().used == 2);
    CHECK(bench.try_to(refund()) == "limit_block_needed");
    CHECK(bench.drawn_in_all(refund()) == 30);
    // As late as anything could have been drawn from it.
    bench.on_record.resize(1);
    bench.start_again();
    bench.now = bench.on_record[0].until + 3599;
    CHECK(bench.use().used == 2);
    bench.now += 60;
    CHECK(bench.use().used == 0);
}

TEST_CASE("limit blocks: an action's record counts unless its block does", "[policy][limits]") {
    BlockBench bench({in_hardware(count_limit("chip", 32, 3600))});
    bench.limits.take_action({"bot", bench.now, 1, {"chip"}}, LimitedAction(refund()));
    bench.limits.take_action({"bot", bench.now, 2, {"another"}}, LimitedAction(refund()));
    CHECK(bench.use().used == 1);
    // A block of another agent or limit is not its.
    bench.limits.take_block({"other", "chip", "", "", 5, bench.now}, bench.now);
    bench.limits.take_block({"bot", "soft", "", "", 5, bench.now}, bench.now);
    CHECK(bench.use().used == 1);
}

TEST_CASE("limit blocks: a limit that changed meanwhile draws on no block of what it was",
          "[policy][limits]") {
    BlockBench bench({in_hardware(count_limit("chip", 32, 3600))});
    const auto block = bench.next(refund());
    REQUIRE(block);
    bench.declared = {in_hardware(sum_limit("chip", "amount", 32, 3600))};
    bench.limits = Limits({{"bot", bench.declared}});
    bench.limits.open_block(*block);
    CHECK(bench.try_to(refund(R"({"amount":1})")) == "limit_block_needed");
}

TEST_CASE("limit blocks: a block goes stale, and its rest is not drawn beside a new one",
          "[policy][limits]") {
    BlockBench bench({in_hardware(count_limit("chip", 32, 3600))});
    bench.open_next(refund());
    bench.now = bench.on_record[0].until - 1;
    CHECK(bench.try_to(refund()) == "reserved");
    bench.now += 1;
    CHECK(bench.try_to(refund()) == "limit_block_needed");
    // Asked for and not opened: what was left is given up all the same.
    bench.now -= 1;
    BlockBench other({in_hardware(sum_limit("chip", "amount", 160, 3600))});
    other.open_next(refund(R"({"amount":1})"));
    REQUIRE(other.next(refund(R"({"amount":20})")));
    CHECK(other.try_to(refund(R"({"amount":1})")) == "limit_block_needed");
}

TEST_CASE("limit blocks: what is given back is the block's again, unless that is over",
          "[policy][limits]") {
    BlockBench bench({in_hardware(count_limit("chip", 16, 3600))});
    bench.open_next(refund());
    const Reservation first = bench.reserved(refund());
    bench.limits.release(first);
    const Reservation second = bench.reserved(refund());
    bench.open_next(refund());
    bench.limits.release(second);  // of the block before
    CHECK(bench.try_to(refund()) == "reserved");
    CHECK(bench.try_to(refund()) == "limit_block_needed");
}

TEST_CASE("limit blocks: each value has its own", "[policy][limits]") {
    BlockBench bench({in_hardware(count_limit("chip", 16, 3600, "params.id"))});
    bench.open_next(refund(R"({"id":1})"));
    CHECK(bench.try_to(refund(R"({"id":2})")) == "limit_block_needed");
    CHECK(bench.try_to(refund(R"({"id":1})")) == "reserved");
}

TEST_CASE("limit blocks: a lower cap holds at once, whatever is left of a block",
          "[policy][limits]") {
    BlockBench bench({in_hardware(count_limit("chip", 32, 3600))});
    bench.open_next(refund());
    CHECK(bench.try_to(refund()) == "reserved");
    bench.declared[0].cap = 1;
    CHECK(bench.try_to(refund()) == "limit_exceeded");
}

TEST_CASE("limit blocks: an accepted state spends all hardware limits for a window",
          "[policy][limits]") {
    BlockBench bench({in_hardware(count_limit("chip", 32, 3600)), count_limit("soft", 32, 3600)});
    bench.open_next(refund());
    bench.limits.take_accepted(bench.now);
    const LimitRefusal refusal = bench.refusal(refund());
    CHECK(refusal.limit == "chip");
    CHECK(refusal.error.reason() == "limit_exceeded");
    CHECK(refusal.error.retry() == Retry::later);
    CHECK(refusal.error.text().find("room in 3600 s") != std::string::npos);
    CHECK(bench.why_no_block(refund()) == "limit_exceeded");
    CHECK(bench.use(1).used == 0);
    bench.now += 3599;
    CHECK(bench.try_to(refund()) == "limit_exceeded");
    bench.now += 1;
    bench.open_next(refund());
    CHECK(bench.try_to(refund()) == "reserved");
}

TEST_CASE("limit blocks: a limit that becomes a hardware one is counted anew", "[policy][limits]") {
    CHECK(shape_of(count_limit("a", 1, 60)) == shape_of(count_limit("b", 2, 60)));
    CHECK(shape_of(in_hardware(count_limit("a", 1, 60))) != shape_of(count_limit("a", 1, 60)));
    // Its blocks are on record under its name.
    CHECK(shape_of(in_hardware(count_limit("a", 1, 60))) !=
          shape_of(in_hardware(count_limit("b", 1, 60))));
}
