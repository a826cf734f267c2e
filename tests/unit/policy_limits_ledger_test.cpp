// Counters are what the ledger says: fed from its first record, kept, dropped, taken over.
#include "policy/limits.h"
#include "tests/support/catch.h"
#include "tests/support/limit_samples.h"

using namespace holdfast;
using namespace holdfast::policy;
using namespace holdfast::tests;

namespace {

void signed_before(LimitBench& bench, std::uint64_t sequence, const Action& action = refund(),
                   std::set<std::string> blocks = {}) {
    bench.limits.take_action({"bot", bench.now, sequence, std::move(blocks)},
                             LimitedAction(action));
}

}  // namespace

TEST_CASE("limits from the ledger: what was signed counts, what was withheld does not",
          "[policy][limits]") {
    LimitBench bench({count_limit("two", 2, 60)});
    signed_before(bench, 3);
    signed_before(bench, 5);
    bench.now += 59;
    CHECK(bench.try_to(refund()) == "limit_exceeded");
    bench.limits.withheld(5);
    CHECK(bench.try_to(refund()) == "reserved");
    CHECK(bench.try_to(refund()) == "limit_exceeded");
    bench.limits.take_action({"somebody", bench.now, 8, {}}, LimitedAction(refund()));
    bench.now += 2;
    CHECK(bench.try_to(refund()) == "reserved");
}

TEST_CASE("limits from the ledger: more than the cap is no reason not to count",
          "[policy][limits]") {
    LimitBench bench({sum_limit("money", "amount", 10, 60)});
    for (std::uint64_t i = 0; i < 4000; ++i)
        signed_before(bench, i, refund(R"({"amount":9007199254740991})"));
    CHECK(bench.use().used == UINT64_MAX);
    signed_before(bench, 4001, refund());  // says no amount: from before the limit
    CHECK(bench.try_to(refund(R"({"amount":1})")) == "limit_exceeded");
    bench.now += 61;
    CHECK(bench.try_to(refund(R"({"amount":1})")) == "reserved");
}

TEST_CASE("limits from the ledger: values that are too many let no further one in",
          "[policy][limits]") {
    LimitBench bench({count_limit("each", 1, 60, "params.id")});
    for (std::uint64_t id = 0; id <= max_limit_keys; ++id)
        signed_before(bench, id, refund(R"({"id":)" + std::to_string(id) + "}"));
    // The one too many is known to have used something, but not under its name.
    bench.limits.withheld(max_limit_keys - 1);
    bench.limits.withheld(max_limit_keys - 2);
    CHECK(bench.use().keys == max_limit_keys - 2);
    CHECK(bench.try_to(refund(R"({"id":10000})")) == "limit_keys_exhausted");
    bench.now += 61;
    CHECK(bench.try_to(refund(R"({"id":10000})")) == "reserved");
}

TEST_CASE("limits from the ledger: eight thousand actions can still be given back",
          "[policy][limits]") {
    LimitBench bench({count_limit("all", 100'000, 60)});
    for (std::uint64_t i = 0; i <= max_withheld_back; ++i)
        signed_before(bench, i);
    const std::uint64_t all = bench.use().used;
    bench.limits.withheld(0);  // too old: counts as used
    CHECK(bench.use().used == all);
    bench.limits.withheld(1);
    CHECK(bench.use().used == all - 1);
}

TEST_CASE("limits from the ledger: a record of the future is waited for, one of the past is of now",
          "[policy][limits]") {
    LimitBench bench({count_limit("one", 1, 60)});
    bench.limits.take_action({"bot", bench.now + 1000, 1, {}}, LimitedAction(refund()));
    CHECK(bench.try_to(refund()) == "limit_exceeded");
    bench.now += 1000 + 59;
    CHECK(bench.try_to(refund()) == "limit_exceeded");
    bench.now += 2;
    bench.limits.take_action({"bot", bench.now, 2, {}}, LimitedAction(refund()));
    bench.limits.take_action({"bot", 5, 3, {}}, LimitedAction(refund()));
    CHECK(bench.use().used == 2);
}

TEST_CASE("limits from the ledger: a hardware limit that counts something else reads no old block",
          "[policy][limits]") {
    const Limit was = in_hardware(count_limit("chip", 32, 3600));
    const Limit is = GENERATE_COPY(in_hardware(sum_limit("chip", "amount", 1000, 3600)),
                                   in_hardware(count_limit("chip", 32, 3600, "params.id")),
                                   in_hardware(count_limit("chip", 32, 7200)));
    LimitBench bench({is});
    bench.limits.take_block({"bot", "chip", shape_digest(was), "", 2, bench.now + 225}, bench.now);
    CHECK(bench.use().used == 0);
    // Drawn from that block: it is not counted here, so the action is.
    const Action action = refund(R"({"amount":40,"id":7})");
    signed_before(bench, 1, action, {"chip@" + shape_digest(was)});
    CHECK(bench.use().used == (is.sum.empty() ? 1 : 40));
    signed_before(bench, 2, action, {"chip@" + shape_digest(is)});
    CHECK(bench.use().used == (is.sum.empty() ? 1 : 40));
}

TEST_CASE("limits from the ledger: a hardware limit with another cap keeps its blocks",
          "[policy][limits]") {
    const Limit was = in_hardware(count_limit("chip", 32, 3600));
    LimitBench bench({in_hardware(count_limit("chip", 320, 3600))});
    bench.limits.take_block({"bot", "chip", shape_digest(was), "", 2, bench.now + 225}, bench.now);
    signed_before(bench, 1, refund(), {"chip@" + shape_digest(was)});
    CHECK(bench.use().used == 2);
    // As before there were shapes: by the name.
    bench.limits.take_block({"bot", "chip", "", "", 3, bench.now + 225}, bench.now);
    signed_before(bench, 2, refund(), {"chip"});
    CHECK(bench.use().used == 5);
}

TEST_CASE("limits: a changed cap keeps what was used, a changed shape does not",
          "[policy][limits]") {
    LimitBench bench({count_limit("one", 1, 60)});
    CHECK(bench.try_to(refund()) == "reserved");
    bench.declared = {count_limit("renamed", 2, 60)};
    bench.limits.retain({{"bot", bench.declared}});
    CHECK(bench.limits.uncounted({{"bot", bench.declared}}).empty());
    CHECK(bench.try_to(refund()) == "reserved");
    CHECK(bench.try_to(refund()) == "limit_exceeded");

    bench.declared = {count_limit("renamed", 2, 61)};
    CHECK(bench.limits.uncounted({{"bot", bench.declared}}).at("bot").size() == 1);
    CHECK(bench.try_to(refund()) == "limit_uncounted");
}

TEST_CASE("limits: what is not declared any more is not kept: it would miss what follows",
          "[policy][limits]") {
    LimitBench bench({count_limit("one", 1, 60)});
    const Reservation under_way = bench.reserved(refund());
    bench.limits.retain({});
    CHECK(bench.try_to(refund()) == "limit_uncounted");
    bench.limits.release(under_way);
    bench.limits.commit(under_way, 1);
    bench.limits.withheld(1);
}

TEST_CASE("limits: counted elsewhere, they are taken over with what can be given back",
          "[policy][limits]") {
    LimitBench bench({count_limit("one", 1, 60)});
    CHECK(bench.try_to(refund()) == "reserved");
    bench.declared.push_back(sum_limit("money", "amount", 10, 60));
    Limits counted(bench.limits.uncounted({{"bot", bench.declared}}));
    counted.take_action({"bot", bench.now, 4, {}}, LimitedAction(refund(R"({"amount":10})")));
    bench.limits.adopt(counted);
    CHECK(bench.use(1).used == 10);
    CHECK(bench.use(0).used == 1);
    bench.limits.withheld(4);
    CHECK(bench.use(1).used == 0);
    CHECK(bench.use(0).used == 1);
    // Twice changes nothing.
    bench.limits.adopt(counted);
    CHECK(bench.use(1).used == 0);
}
