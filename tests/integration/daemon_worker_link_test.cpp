// WorkerLink against a worker played by the test, over a real socket pair.
#include <deque>
#include <string>

#include "tests/support/link_bench.h"

using holdfast::Bytes;
using holdfast::Code;
using holdfast::Error;
using namespace holdfast::daemon;
using namespace holdfast::tests;

TEST_CASE("worker link: a call returns what the worker answers", "[daemon][link]") {
    Front front(WorkerKind::measurer);
    const FakeWorker worker(front);
    auto first = ask(front, Operation::measure, Bytes{1, 2});
    auto second = ask(front);
    const auto request = worker.receive();
    CHECK(request.operation == Operation::measure);
    CHECK(request.payload == Bytes{1, 2});
    CHECK(request.deadline_ns != 0);
    worker.answer(request, Bytes{3, 4});
    REQUIRE(first.wait());
    CHECK(first.wait()->body == Bytes{3, 4});
    CHECK_FALSE(second.answered());

    worker.answer(worker.receive(), Error(Code::denied, "no").because("uid_changed"));
    REQUIRE_FALSE(second.wait());
    CHECK(second.wait().error().reason() == "uid_changed");
    CHECK(front.failed.empty());
}

TEST_CASE("worker link: without a worker a call fails at once", "[daemon][link]") {
    Front front(WorkerKind::keys);
    auto call = ask(front, Operation::sign);
    REQUIRE(call.answered());
    check_failed(call.wait(), Code::unavailable, "keys_unavailable");
}

TEST_CASE("worker link: a hanging worker fails every call in flight and is reported once",
          "[daemon][link]") {
    Front front(WorkerKind::measurer, short_time);
    const FakeWorker worker(front, 7);
    auto oldest = ask(front);
    auto other = ask(front);
    REQUIRE_FALSE(oldest.wait());
    REQUIRE_FALSE(other.wait());
    CHECK(oldest.wait().error().reason() == "measurer_unavailable");
    CHECK(other.wait().error().reason() == "measurer_unavailable");
    while (front.failed.empty())
        front.io.run_one();
    REQUIRE(front.failed.size() == 1);
    CHECK(front.failed[0].kind == WorkerKind::measurer);
    CHECK(front.failed[0].generation == 7);
    CHECK_FALSE(front.link.attached());
    check_failed(ask(front).wait(), Code::unavailable, "measurer_unavailable");
}

TEST_CASE("worker link: a busy worker is not a hanging one", "[daemon][link]") {
    // The worker is busy with something long; a caller behind it loses patience.
    Front front(WorkerKind::measurer, [](Operation operation) {
        return operation == Operation::sign ? short_time : for_ever;
    });
    const FakeWorker worker(front);
    auto long_one = ask(front, Operation::create);
    auto waiting = ask(front, Operation::sign);
    check_failed(waiting.wait(), Code::timeout, "measurer_unavailable");
    CHECK(front.failed.empty());
    CHECK(front.link.attached());
    worker.answer(worker.receive(), Bytes{5});
    REQUIRE(long_one.wait());
    // Its late answer disturbs nobody.
    worker.answer(worker.receive(), Bytes{6});
    auto next = ask(front, Operation::create);
    worker.answer(worker.receive(), Bytes{7});
    REQUIRE(next.wait());
    CHECK(next.wait()->body == Bytes{7});
    CHECK(front.failed.empty());
}

TEST_CASE("worker link: the worker's end is noticed at once", "[daemon][link]") {
    Front front(WorkerKind::keys);
    FakeWorker worker(front, 3);
    auto call = ask(front, Operation::sign);
    worker.die();
    check_failed(call.wait(), Code::unavailable, "keys_unavailable");
    REQUIRE(front.failed.size() == 1);
    CHECK(front.failed[0].generation == 3);
    CHECK_FALSE(front.link.attached());
}

TEST_CASE("worker link: a worker that talks nonsense has failed", "[daemon][link]") {
    const std::vector<Bytes> nonsense{
        {1},                // shorter than a header
        Bytes(20, 0xff),    // an answer to no question, and descriptors that did not come
        Bytes(20, 0),       // an answer to no question
        Bytes(70'000, 32),  // too large
    };
    for (const auto& junk : nonsense) {
        Front front(WorkerKind::measurer);
        const FakeWorker worker(front);
        auto call = ask(front);
        worker.send_junk(junk);
        check_failed(call.wait(), Code::unavailable, "measurer_unavailable");
        CHECK(front.failed.size() == 1);
    }
}

TEST_CASE("worker link: an answer for another operation, or twice, is nonsense", "[daemon][link]") {
    Front front(WorkerKind::measurer);
    const FakeWorker worker(front);
    auto call = ask(front, Operation::measure);
    auto request = worker.receive();
    request.operation = Operation::sign;
    worker.answer(request);
    check_failed(call.wait(), Code::unavailable, "measurer_unavailable");

    const FakeWorker second(front, 2);
    auto once = ask(front);
    request = second.receive();
    second.answer(request);
    second.answer(request);
    REQUIRE(once.wait());
    front.turn();
    CHECK(front.failed.size() == 2);
}

TEST_CASE("worker link: a new worker takes over, the old one's calls fail", "[daemon][link]") {
    Front front(WorkerKind::measurer);
    const FakeWorker first(front, 1);
    auto lost = ask(front);
    const FakeWorker second(front, 2);
    check_failed(lost.wait(), Code::unavailable, "measurer_unavailable");
    auto kept = ask(front);
    CHECK(second.receive().operation == Operation::measure);
    CHECK_FALSE(kept.answered());
    CHECK(front.failed.empty());
}

TEST_CASE("worker link: the largest requests arrive, in order, also through a small buffer",
          "[daemon][link]") {
    Front front(WorkerKind::measurer);
    const FakeWorker worker(front, 1, GENERATE(0, room_for_one));
    std::deque<Asked<Reply>> calls;
    for (std::size_t i = 0; i < max_waiting_per_flow; ++i)
        calls.push_back(
            ask(front, Operation::measure, Bytes(max_payload, static_cast<std::uint8_t>(i))));
    for (std::size_t i = 0; i < max_waiting_per_flow; ++i) {
        front.turn();
        const auto request = worker.receive();
        REQUIRE(request.payload.size() == max_payload);
        REQUIRE(request.payload.front() == i);
        worker.answer(request, Bytes{static_cast<std::uint8_t>(i)});
        REQUIRE(calls[i].wait()->body == Bytes{static_cast<std::uint8_t>(i)});
    }
}

TEST_CASE("worker link: a request too large is refused, not sent", "[daemon][link]") {
    Front front(WorkerKind::measurer);
    const FakeWorker worker(front);
    auto call = ask(front, Operation::measure, Bytes(max_payload + 1));
    REQUIRE(call.answered());
    REQUIRE_FALSE(call.wait());
    CHECK(call.wait().error().code() == Code::invalid);
    CHECK_FALSE(worker.has_more());
}

TEST_CASE("worker link: a keys worker is first asked who it is, and may take its time",
          "[daemon][link]") {
    Front front(WorkerKind::keys, [](Operation operation) {
        return operation == Operation::host ? for_ever : short_time;
    });
    const FakeWorker worker(front);
    auto sign = ask(front, Operation::sign);
    check_failed(sign.wait(), Code::timeout, "keys_unavailable");
    CHECK(front.failed.empty());
    CHECK(worker.receive().operation == Operation::host);
}

TEST_CASE("worker link: the link may go while calls are in flight", "[daemon][link]") {
    auto front = std::make_unique<Front>(WorkerKind::measurer);
    FakeWorker worker(*front);
    auto call = ask(*front);
    front.reset();
    worker.die();
    SUCCEED();
}
