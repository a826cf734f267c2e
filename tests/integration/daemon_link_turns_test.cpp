// WorkerLink: who waits, for how long, and whose turn is next; the worker is played by the test.
#include <deque>
#include <string>

#include "tests/support/link_bench.h"

using holdfast::Bytes;
using holdfast::Code;
using namespace holdfast::daemon;
using namespace holdfast::tests;

TEST_CASE("worker link: the worker has two requests at most, the others wait in the front",
          "[daemon][link]") {
    Front front(WorkerKind::measurer);
    const FakeWorker worker(front);
    std::deque<Asked<Reply>> calls;
    for (unsigned i = 0; i < 4; ++i)
        calls.push_back(ask(front, Operation::measure, Bytes{static_cast<std::uint8_t>(i)}));
    const auto first = worker.receive();
    const auto second = worker.receive();
    CHECK_FALSE(worker.has_more());
    worker.answer(first, Bytes{1});
    REQUIRE(calls[0].wait());
    CHECK(worker.receive().payload == Bytes{2});
    CHECK_FALSE(worker.has_more());
    worker.answer(second);
    front.turn();
    CHECK(worker.receive().payload == Bytes{3});
}

TEST_CASE("worker link: however many one agent asks, another waits for its turn only",
          "[daemon][link]") {
    Front front(WorkerKind::measurer);
    const FakeWorker worker(front);
    std::deque<Asked<Reply>> calls;
    for (std::size_t i = 0; i < max_waiting_per_flow; ++i)
        calls.push_back(ask(front, Operation::sign, {}, "greedy"));
    auto modest = ask(front, Operation::sign, Bytes{77}, "modest");
    unsigned ahead = 0;
    for (auto request = worker.receive(); request.payload != Bytes{77};
         request = worker.receive()) {
        worker.answer(request);
        front.turn();
        ++ahead;
    }
    // What the worker had already, and one turn of the other's.
    CHECK(ahead <= link_window + 1);
}

TEST_CASE("worker link: of one agent so many wait and no more, until one is answered",
          "[daemon][link]") {
    Front front(WorkerKind::measurer);
    const FakeWorker worker(front);
    std::deque<Asked<Reply>> calls;
    for (std::size_t i = 0; i < link_window + max_waiting_per_flow; ++i)
        calls.push_back(ask(front));
    CHECK_FALSE(calls.back().answered());
    auto refused = ask(front);
    REQUIRE(refused.answered());
    check_failed(refused.wait(), Code::busy, "too_many_requests");
    worker.answer(worker.receive());
    REQUIRE(calls.front().wait());
    CHECK_FALSE(ask(front).answered());
    CHECK_FALSE(ask(front, Operation::sign, {}, "other").answered());
}

TEST_CASE("worker link: of all together so many wait and no more", "[daemon][link]") {
    Front front(WorkerKind::measurer);
    const FakeWorker worker(front);
    std::deque<Asked<Reply>> calls;
    for (std::size_t i = 0; i < link_window + max_waiting; ++i)
        calls.push_back(ask(front, Operation::sign, {}, std::to_string(i)));
    CHECK_FALSE(calls.back().answered());
    check_failed(ask(front, Operation::sign, {}, "one more").wait(), Code::unavailable,
                 "too_many_requests");
}

TEST_CASE("worker link: however many sign, a fuse is blown next", "[daemon][link]") {
    Front front(WorkerKind::measurer);
    const FakeWorker worker(front);
    std::deque<Asked<Reply>> calls;
    for (std::size_t i = 0; i < link_window + max_waiting; ++i)
        calls.push_back(ask(front, Operation::sign, {}, std::to_string(i)));
    const auto ending =
        GENERATE(Operation::blow_fuse, Operation::blow_host_fuse, Operation::destroy);
    for (std::size_t i = 0; i < max_waiting_endings; ++i) {
        calls.push_back(ask(front, ending));
        CHECK_FALSE(calls.back().answered());
    }
    check_failed(ask(front, ending).wait(), Code::busy, "too_many_requests");
    for (std::size_t i = 0; i < link_window; ++i) {
        const auto request = worker.receive();
        CHECK(request.operation == Operation::sign);
        worker.answer(request);
        front.turn();
    }
    CHECK(worker.receive().operation == ending);
}

TEST_CASE("worker link: who gives up before its turn never reaches the worker", "[daemon][link]") {
    Front front(WorkerKind::measurer, [](Operation operation) {
        return operation == Operation::sign ? short_time : for_ever;
    });
    const FakeWorker worker(front);
    std::deque<Asked<Reply>> long_ones;
    for (std::size_t i = 0; i < link_window; ++i)
        long_ones.push_back(ask(front, Operation::create));
    auto impatient = ask(front, Operation::sign);
    check_failed(impatient.wait(), Code::timeout, "measurer_unavailable");
    auto patient = ask(front, Operation::create, Bytes{5});
    for (std::size_t i = 0; i < link_window; ++i) {
        worker.answer(worker.receive());
        front.turn();
    }
    CHECK(worker.receive().payload == Bytes{5});
}

TEST_CASE("worker link: a call given up while the worker has it keeps its place until answered",
          "[daemon][link]") {
    Front front(WorkerKind::measurer, [](Operation operation) {
        return operation == Operation::sign ? short_time : for_ever;
    });
    const FakeWorker worker(front);
    auto head = ask(front, Operation::create);
    auto given_up = ask(front, Operation::sign);
    REQUIRE_FALSE(given_up.wait());
    auto next = ask(front, Operation::create);
    const auto first = worker.receive();
    CHECK(worker.receive().operation == Operation::sign);
    CHECK_FALSE(worker.has_more());
    worker.answer(first);
    REQUIRE(head.wait());
    CHECK(worker.receive().operation == Operation::create);
}

TEST_CASE("worker link: when the worker fails, those who wait for their turn are told",
          "[daemon][link]") {
    Front front(WorkerKind::keys);
    FakeWorker worker(front, 3);
    std::deque<Asked<Reply>> calls;
    for (unsigned i = 0; i < 8; ++i)
        calls.push_back(ask(front, i < 6 ? Operation::sign : Operation::blow_fuse));
    worker.die();
    for (auto& call : calls)
        check_failed(call.wait(), Code::unavailable, "keys_unavailable");
}
