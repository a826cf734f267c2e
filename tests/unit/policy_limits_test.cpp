// Limits: reserved all together or not at all, given back, bounded.
#include "policy/limits.h"
#include "tests/support/catch.h"
#include "tests/support/limit_samples.h"

using namespace holdfast;
using namespace holdfast::policy;
using namespace holdfast::tests;

TEST_CASE("limits: a count lets so many pass within the window, and says when more will",
          "[policy][limits]") {
    LimitBench bench({count_limit("per-minute", 2, 60)});
    CHECK(bench.try_to(refund()) == "reserved");
    CHECK(bench.try_to(refund()) == "reserved");
    const Error error = bench.refusal(refund()).error;
    CHECK(error.code() == Code::denied);
    CHECK(error.retry() == Retry::later);
    CHECK(error.reason() == "limit_exceeded");
    CHECK(error.text() == "limit per-minute: 2 of 2 used in 60 s, 1 asked for; room in 61 s");
    bench.now += 60;
    CHECK(bench.try_to(refund()) == "limit_exceeded");
    bench.now += 1;
    CHECK(bench.try_to(refund()) == "reserved");
}

TEST_CASE("limits: a sum is of the field, and more than the cap never passes", "[policy][limits]") {
    LimitBench bench({sum_limit("money", "order.amount", 100, 60)});
    CHECK(bench.try_to(refund(R"({"order":{"amount":60}})")) == "reserved");
    CHECK(bench.try_to(refund(R"({"order":{"amount":41}})")) == "limit_exceeded");
    CHECK(bench.try_to(refund(R"({"order":{"amount":40}})")) == "reserved");
    CHECK(bench.try_to(refund(R"({"order":{"amount":0}})")) == "reserved");
    const Error never = bench.refusal(refund(R"({"order":{"amount":101}})")).error;
    CHECK(never.reason() == "limit_exceeded");
    CHECK(never.retry() == Retry::never);
}

TEST_CASE("limits: a field that is absent, no integer or negative is refused", "[policy][limits]") {
    LimitBench bench({sum_limit("money", "amount", 100, 60)});
    for (const char* params : {"", "{}", R"({"amount":-1})", R"({"amount":"5"})",
                               R"({"amount":true})", R"({"amount":{"amount":1}})"}) {
        INFO(params);
        CHECK(bench.try_to(refund(params)) == "limit_field");
    }
    // Known by its digest only, it cannot be counted.
    Action digest = refund("");
    digest.params_sha256 = Sha256{};
    CHECK(bench.try_to(digest) == "limit_field");
    CHECK(bench.refusal(digest).limit == "money");
}

TEST_CASE("limits: each audience, and each value of a field, has its own window",
          "[policy][limits]") {
    SECTION("audience") {
        LimitBench bench({count_limit("each", 1, 60, "audience")});
        Action there = refund();
        there.audience = "https://elsewhere.example";
        CHECK(bench.try_to(refund()) == "reserved");
        CHECK(bench.try_to(there) == "reserved");
        CHECK(bench.try_to(refund()) == "limit_exceeded");
    }
    SECTION("field") {
        LimitBench bench({count_limit("each", 1, 60, "params.who.id")});
        // A number, the text of it and a truth are three.
        for (const char* value : {"1", R"("1")", "true", R"("true")"}) {
            const std::string params = std::string(R"({"who":{"id":)") + value + "}}";
            CHECK(bench.try_to(refund(params)) == "reserved");
            CHECK(bench.try_to(refund(params)) == "limit_exceeded");
        }
        for (const char* value : {"null", "[1]", "{}"}) {
            const std::string params = std::string(R"({"who":{"id":)") + value + "}}";
            CHECK(bench.try_to(refund(params)) == "limit_field");
        }
        CHECK(bench.try_to(refund("{}")) == "limit_field");
    }
    SECTION("long values are told apart by their digests") {
        LimitBench bench({count_limit("each", 1, 60, "params.id")});
        const std::string same(300, 'x');
        CHECK(bench.try_to(refund(R"({"id":")" + same + "a\"}")) == "reserved");
        CHECK(bench.try_to(refund(R"({"id":")" + same + "b\"}")) == "reserved");
        CHECK(bench.try_to(refund(R"({"id":")" + same + "a\"}")) == "limit_exceeded");
        CHECK(bench.use().key.size() <= max_limit_key);
    }
}

TEST_CASE("limits: a prefix covers what is below it, and nothing beside it", "[policy][limits]") {
    Limit limit = count_limit("refunds", 1, 60);
    limit.action = "refund";
    CHECK(covers(limit, "refund"));
    CHECK(covers(limit, "refund.create"));
    CHECK_FALSE(covers(limit, "refunds"));
    CHECK_FALSE(covers(limit, "refund-create"));
    CHECK_FALSE(covers(limit, "re"));
    CHECK(covers(count_limit("all", 1, 60), "anything"));
}

TEST_CASE("limits: all that cover an action have room, or none is drawn upon", "[policy][limits]") {
    LimitBench bench({count_limit("many", 5, 60), count_limit("few", 1, 30)});
    CHECK(bench.try_to(refund()) == "reserved");
    for (int i = 0; i < 10; ++i)
        CHECK(bench.refusal(refund()).limit == "few");
    CHECK(bench.use(0).used == 1);
}

TEST_CASE("limits: what is released has room again, what is committed has not",
          "[policy][limits]") {
    LimitBench bench({count_limit("one", 1, 60)});
    bench.limits.release(bench.reserved(refund()));
    Reservation second = bench.reserved(refund());
    CHECK(bench.try_to(refund()) == "limit_exceeded");  // in flight counts
    bench.limits.commit(std::move(second), 7);
    CHECK(bench.try_to(refund()) == "limit_exceeded");
    bench.limits.withheld(8);
    CHECK(bench.try_to(refund()) == "limit_exceeded");
    bench.limits.withheld(7);
    bench.limits.commit(bench.reserved(refund()), 9);
    bench.limits.withheld(7);  // once
    CHECK(bench.try_to(refund()) == "limit_exceeded");
}

TEST_CASE("limits: what agents use is their own", "[policy][limits]") {
    LimitBench bench({count_limit("one", 1, 60)}, {"bot", "other"});
    CHECK(bench.try_to(refund()) == "reserved");
    CHECK(std::holds_alternative<Reservation>(
        bench.limits.reserve("other", bench.declared, refund(), bench.now)));
    CHECK(bench.try_to(refund()) == "limit_exceeded");
}

TEST_CASE("limits: a clock that goes back frees no room, and is waited for", "[policy][limits]") {
    LimitBench bench({count_limit("one", 1, 60)});
    CHECK(bench.try_to(refund()) == "reserved");
    bench.now -= 1'000'000;
    CHECK(bench.try_to(refund()) == "limit_exceeded");
    CHECK(bench.refusal(refund()).error.text().find("1000000 s behind") != std::string::npos);
    bench.now += 60;  // time passes, but not what it was
    CHECK(bench.try_to(refund()) == "limit_exceeded");
    bench.now += 1'000'001;
    CHECK(bench.try_to(refund()) == "reserved");
    // Used while the clock is behind, it counts from when the clock was ahead.
    bench.now -= 500;
    CHECK(bench.try_to(refund()) == "limit_exceeded");
    bench.now += 500 + 60;
    CHECK(bench.try_to(refund()) == "limit_exceeded");
}

TEST_CASE("limits: a clock that was ahead for a moment has freed nothing by being asked",
          "[policy][limits]") {
    LimitBench bench({count_limit("one", 1, 60), count_limit("never", 1, 2'678'400)});
    CHECK(bench.try_to(refund()) == "reserved");
    bench.now += 1000;
    CHECK(bench.refusal(refund()).limit == "never");
    bench.now -= 1000;
    CHECK(bench.use(0).used == 1);
    CHECK(bench.refusal(refund()).limit == "one");
}

TEST_CASE("limits: ten thousand values are told apart, and empty ones make room",
          "[policy][limits]") {
    LimitBench bench({count_limit("each", 1, 60, "params.id")});
    const auto with_id = [](std::size_t id) {
        return refund(R"({"id":)" + std::to_string(id) + "}");
    };
    for (std::size_t id = 0; id < max_limit_keys; ++id)
        REQUIRE(bench.try_to(with_id(id)) == "reserved");
    CHECK(bench.use().keys == max_limit_keys);
    CHECK(bench.try_to(with_id(max_limit_keys)) == "limit_keys_exhausted");
    CHECK(bench.refusal(with_id(max_limit_keys)).error.retry() == Retry::later);
    CHECK(bench.try_to(with_id(0)) == "limit_exceeded");
    bench.now += 62;
    CHECK(bench.try_to(with_id(max_limit_keys)) == "reserved");
    CHECK(bench.use().keys == 1);
}

TEST_CASE("limits: a value that was given back makes room for another", "[policy][limits]") {
    LimitBench bench({count_limit("each", 1, 60, "params.id")});
    for (std::size_t id = 1; id < max_limit_keys; ++id)
        REQUIRE(bench.try_to(refund(R"({"id":)" + std::to_string(id) + "}")) == "reserved");
    const Reservation last = bench.reserved(refund(R"({"id":0})"));
    CHECK(bench.try_to(refund(R"({"id":-1})")) == "limit_keys_exhausted");
    bench.limits.release(last);
    CHECK(bench.try_to(refund(R"({"id":-1})")) == "reserved");
}

TEST_CASE("limits: a limit that was not counted lets nothing pass", "[policy][limits]") {
    LimitBench bench({count_limit("one", 1, 60)});
    bench.declared.push_back(count_limit("new", 5, 30));
    CHECK(bench.try_to(refund()) == "limit_uncounted");
    CHECK(bench.refusal(refund()).error.code() == Code::unavailable);
    CHECK(bench.use(0).used == 0);
}

TEST_CASE("limits: the largest amounts there are add up to no small one", "[policy][limits]") {
    LimitBench bench({sum_limit("money", "amount", std::uint64_t{INT64_MAX}, 60)});
    const Action most = refund(R"({"amount":9007199254740991})");
    for (int i = 0; i < 1024; ++i)
        REQUIRE(bench.try_to(most) == "reserved");  // 2^63 − 1024
    CHECK(bench.try_to(most) == "limit_exceeded");
    CHECK(bench.try_to(refund(R"({"amount":1023})")) == "reserved");
    CHECK(bench.try_to(refund(R"({"amount":1})")) == "limit_exceeded");
}
