// Answers about the store, which come when they like, and from launchers that are replaced.
#include "tests/support/launcher_bench.h"

using holdfast::Bytes;
using holdfast::Code;
using holdfast::Error;
using namespace holdfast::daemon;
using namespace holdfast::tests;

TEST_CASE("store answers: one that comes later finds who asked", "[daemon][link][store]") {
    LauncherBench bench;
    auto first = bench.ask();
    bench.worker->answer(bench.worker->receive(), number(1));
    auto second = bench.ask(Operation::check_store);
    bench.worker->answer(bench.worker->receive(), number(2));
    bench.front.turn();
    CHECK_FALSE(first.answered());
    bench.tell(store_answer(2, Bytes{22}));
    CHECK(second.answered());
    CHECK_FALSE(first.answered());
    bench.tell(store_answer(1, Bytes{11}));
    CHECK(*first.wait() == Bytes{11});
    CHECK(*second.wait() == Bytes{22});
}

TEST_CASE("store answers: one right behind its number is not lost", "[daemon][link][store]") {
    LauncherBench bench;
    auto asked = bench.ask();
    bench.worker->answer(bench.worker->receive(), number(1));
    bench.tell(store_answer(1, Bytes{11}));
    CHECK(*asked.wait() == Bytes{11});
}

TEST_CASE("store answers: an error reaches who asked, with its reason", "[daemon][link][store]") {
    LauncherBench bench;
    auto late = bench.ask();
    bench.worker->answer(bench.worker->receive(), number(1));
    bench.front.turn();
    bench.tell(store_answer(1, Error(Code::denied, "no").because("tree_mismatch")));
    CHECK(reason_of(late.wait()) == "tree_mismatch");
    auto early = bench.ask();
    bench.worker->answer(bench.worker->receive(), number(2));
    bench.tell(store_answer(2, Error(Code::denied, "no").because("tree_mismatch")));
    CHECK(reason_of(early.wait()) == "tree_mismatch");
    auto at_once = bench.ask();
    bench.worker->answer(bench.worker->receive(), Error(Code::busy, "4").because("store_busy"));
    CHECK(reason_of(at_once.wait()) == "store_busy");
}

TEST_CASE("store answers: nobody waits for a launcher that was replaced", "[daemon][link][store]") {
    LauncherBench bench;
    auto asked = bench.ask();
    bench.worker->answer(bench.worker->receive(), number(1));
    bench.front.turn();
    bench.attach(2);
    bench.launcher.forget_jobs();
    CHECK(reason_of(asked.wait()) == "launcher_unavailable");
}

TEST_CASE("store answers: the next launcher counts anew, and its answers are for its own",
          "[daemon][link][store]") {
    LauncherBench bench;
    // Its number is there, its coroutine has not run when the launcher is replaced.
    auto old = bench.ask();
    bench.worker->answer(bench.worker->receive(), number(1));
    SECTION("after its number was read") {
        // One step reads the number and has the coroutine go on; it has not gone on yet.
        bench.front.io.restart();
        REQUIRE(bench.front.io.poll_one() == 1);
        REQUIRE_FALSE(bench.worker->has_more());
    }
    SECTION("before its number was read") {}
    bench.attach(2);
    bench.launcher.forget_jobs();
    auto next = bench.ask(Operation::check_store);
    bench.worker->answer(bench.worker->receive(), number(1));
    bench.front.turn();
    bench.tell(store_answer(1, Bytes{22}));
    REQUIRE(next.answered());
    CHECK(*next.wait() == Bytes{22});
    REQUIRE(old.answered());
    CHECK_FALSE(old.wait());
}

TEST_CASE("store answers: one that came early from a replaced launcher is nobody's",
          "[daemon][link][store]") {
    LauncherBench bench;
    bench.tell(store_answer(1, Bytes{11}));
    bench.attach(2);
    bench.launcher.forget_jobs();
    auto asked = bench.ask();
    bench.worker->answer(bench.worker->receive(), number(1));
    bench.front.turn();
    CHECK_FALSE(asked.answered());
    bench.tell(store_answer(1, Bytes{22}));
    CHECK(*asked.wait() == Bytes{22});
}

TEST_CASE("store answers: eight that nobody asked for are kept, the oldest goes first",
          "[daemon][link][store]") {
    LauncherBench bench;
    for (std::uint64_t job = 1; job <= 9; ++job)
        bench.tell(store_answer(job, Bytes{static_cast<std::uint8_t>(job)}));
    auto kept = bench.ask();
    bench.worker->answer(bench.worker->receive(), number(2));
    bench.front.turn();
    REQUIRE(kept.answered());
    CHECK(*kept.wait() == Bytes{2});
    auto dropped = bench.ask();
    bench.worker->answer(bench.worker->receive(), number(1));
    bench.front.turn();
    CHECK_FALSE(dropped.answered());
    CHECK(bench.front.link.attached());
}

TEST_CASE("store answers: one that cannot be read fails the link", "[daemon][link][store]") {
    for (const Bytes& payload :
         {Bytes(), Bytes{1}, number(1), PayloadWriter().u64(1).bytes(Bytes()).take(),
          PayloadWriter().u64(1).bytes(Bytes{9}).u8(0).take()}) {
        LauncherBench bench;
        Message message;
        message.operation = Operation::store_answer;
        message.payload = payload;
        bench.tell(message);
        CHECK_FALSE(bench.front.link.attached());
        CHECK(bench.front.failed.size() == 1);
    }
}
