// The port launcher over its link: requests, notices, and answers about the store, which come when
// they like.
#include "daemon/link/codec_store.h"
#include "daemon/link/kept.h"
#include "daemon/link/linked_launcher.h"
#include "tests/support/launch_samples.h"
#include "tests/support/link_bench.h"

using holdfast::Bytes;
using holdfast::Code;
using holdfast::Descriptor;
using holdfast::Done;
using holdfast::Error;
using holdfast::Result;
using holdfast::Sha256;
using namespace holdfast::daemon;
using namespace holdfast::tests;

namespace {

Bytes number(std::uint64_t job) {
    return PayloadWriter().u64(job).take();
}

Message store_answer(std::uint64_t job, Result<Reply> outcome) {
    Message reply = encode_reply(Message{}, std::move(outcome));
    Message message;
    message.operation = Operation::store_answer;
    message.payload = PayloadWriter().u64(job).bytes(reply.payload).take();
    message.descriptors = std::move(reply.descriptors);
    return message;
}
Message store_answer(std::uint64_t job, Bytes body) {
    return store_answer(job, Reply{std::move(body), {}});
}

// A front that hears its launcher, as front_process.cpp does.
struct Bench {
    Bench() {
        front.link.on_notice([this](Message message) -> Done {
            if (message.operation != Operation::store_answer)
                return Error(Code::invalid, "an unknown notice");
            return launcher.take_answer(std::move(message));
        });
        attach(1);
    }
    void attach(std::uint64_t generation) { worker.emplace(front, generation); }
    Asked<Bytes> ask(Operation operation = Operation::list_store) {
        return {front, launcher.ask_store(operation, Bytes{1})};
    }
    void tell(const Message& message) {
        worker->tell(message);
        front.turn();
    }

    Front front{WorkerKind::launcher};
    LinkedLauncher launcher{front.link};
    std::optional<FakeWorker> worker;
};

template <class T>
std::string reason_of(const Result<T>& result) {
    return result ? "answered" : result.error().reason();
}

}  // namespace

TEST_CASE("linked launcher: each order goes out as it was given", "[daemon][link][launch]") {
    Bench bench;
    Sha256 manifest{};
    manifest.fill(8);
    Asked<LaunchedInstance> prepared(bench.front,
                                     bench.launcher.prepare({"bot", "ab", manifest, true}));
    auto request = bench.worker->receive();
    CHECK(request.operation == Operation::prepare_launch);
    const auto order = decode_launch_order(request.payload);
    REQUIRE(order);
    CHECK(order->agent == "bot");
    CHECK(order->manifest == manifest);
    CHECK(order->allow_downgrade);
    bench.worker->answer(request, encode(holdfast::test::an_instance("ab")));
    REQUIRE(prepared.wait());
    CHECK(prepared.wait()->instance == "ab");
    CHECK(prepared.wait()->pidfd);

    Asked<std::monostate> released(bench.front, bench.launcher.release("ab"));
    request = bench.worker->receive();
    CHECK(request.operation == Operation::release_launch);
    CHECK(decode_end_order(request.payload)->instance == "ab");
    bench.worker->answer(request);
    CHECK(released.wait());

    Asked<std::monostate> ended(bench.front, bench.launcher.end({"ab", Ending::freeze}));
    request = bench.worker->receive();
    CHECK(request.operation == Operation::end_instance);
    CHECK(decode_end_order(request.payload)->ending == Ending::freeze);
    bench.worker->answer(request, Error(Code::not_found, "gone").because("unknown_instance"));
    CHECK(reason_of(ended.wait()) == "unknown_instance");

    Asked<LaunchedInstance> described(bench.front, bench.launcher.describe("ab"));
    request = bench.worker->receive();
    CHECK(request.operation == Operation::describe_instance);
    bench.worker->answer(request, encode(holdfast::test::an_instance("ab")));
    CHECK(described.wait());
}

TEST_CASE("linked launcher: as many instances as may run are listed, not one more",
          "[daemon][link][launch]") {
    Bench bench;
    const auto listed = [&](std::size_t said, std::size_t given) {
        Asked<std::vector<std::string>> asked(bench.front, bench.launcher.running());
        const auto request = bench.worker->receive();
        CHECK(request.operation == Operation::list_instances);
        PayloadWriter out;
        out.u32(static_cast<std::uint32_t>(said));
        for (std::size_t i = 0; i < given; ++i)
            out.text("ab");
        bench.worker->answer(request, out.take());
        const auto& all = asked.wait();
        return all ? static_cast<int>(all->size()) : -1;
    };
    CHECK(listed(0, 0) == 0);
    CHECK(listed(max_instances, max_instances) == static_cast<int>(max_instances));
    CHECK(listed(max_instances + 1, max_instances + 1) == -1);
    CHECK(listed(2, 1) == -1);
    CHECK(listed(1, 2) == -1);
}

TEST_CASE("linked launcher: a reply with too much in it is none", "[daemon][link][launch]") {
    Bench bench;
    Asked<std::monostate> released(bench.front, bench.launcher.release("ab"));
    bench.worker->answer(bench.worker->receive(), Bytes{1});
    CHECK_FALSE(released.wait());
    Asked<LaunchedInstance> described(bench.front, bench.launcher.describe("ab"));
    bench.worker->answer(bench.worker->receive(), Bytes{1});
    CHECK_FALSE(described.wait());
}

TEST_CASE("linked launcher: an end goes before what waits", "[daemon][link][launch]") {
    Bench bench;
    std::vector<Asked<std::monostate>> releases;
    for (std::size_t i = 0; i < link_window + 1; ++i)
        releases.emplace_back(bench.front, bench.launcher.release("ab"));
    Asked<std::monostate> ended(bench.front, bench.launcher.end({"cd", Ending::kill}));
    std::vector<Operation> order;
    for (std::size_t i = 0; i < link_window + 2; ++i) {
        const auto request = bench.worker->receive();
        order.push_back(request.operation);
        bench.worker->answer(request);
        bench.front.turn();
    }
    CHECK(order[link_window] == Operation::end_instance);
    CHECK(order[link_window + 1] == Operation::release_launch);
}

TEST_CASE("store answers: one that comes later finds who asked", "[daemon][link][store]") {
    Bench bench;
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
    Bench bench;
    auto asked = bench.ask();
    bench.worker->answer(bench.worker->receive(), number(1));
    bench.tell(store_answer(1, Bytes{11}));
    CHECK(*asked.wait() == Bytes{11});
}

TEST_CASE("store answers: an error reaches who asked, with its reason", "[daemon][link][store]") {
    Bench bench;
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
    Bench bench;
    auto asked = bench.ask();
    bench.worker->answer(bench.worker->receive(), number(1));
    bench.front.turn();
    bench.attach(2);
    bench.launcher.forget_jobs();
    CHECK(reason_of(asked.wait()) == "launcher_unavailable");
}

TEST_CASE("store answers: the next launcher counts anew, and its answers are for its own",
          "[daemon][link][store]") {
    Bench bench;
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
    Bench bench;
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
    Bench bench;
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
        Bench bench;
        Message message;
        message.operation = Operation::store_answer;
        message.payload = payload;
        bench.tell(message);
        CHECK_FALSE(bench.front.link.attached());
        CHECK(bench.front.failed.size() == 1);
    }
}

TEST_CASE("worker link: a notice is heard where somebody listens, and is nonsense elsewhere",
          "[daemon][link][launch]") {
    Front front(WorkerKind::launcher);
    std::vector<Operation> heard;
    bool listens = true;
    Message notice;
    notice.operation = Operation::launch_notice;
    notice.payload = encode(LaunchNotice{LaunchNotice::Kind::ended, "ab", ""});
    SECTION("heard") {
        front.link.on_notice([&](const Message& message) -> Done {
            heard.push_back(message.operation);
            return holdfast::done();
        });
    }
    SECTION("refused by who listens") {
        front.link.on_notice(
            [](const Message&) -> Done { return Error(Code::invalid, "nonsense"); });
        listens = false;
    }
    SECTION("nobody listens") {
        listens = false;
    }
    const FakeWorker worker(front);
    auto asked = ask(front, Operation::list_instances);
    const auto request = worker.receive();
    worker.tell(notice);
    front.turn();
    CHECK(front.link.attached() == listens);
    CHECK(front.failed.size() == (listens ? 0U : 1U));
    if (!listens) return check_failed(asked.wait(), Code::unavailable, "launcher_unavailable");
    CHECK(heard == std::vector<Operation>{Operation::launch_notice});
    // It is no answer to what was asked.
    CHECK_FALSE(asked.answered());
    worker.answer(request);
    CHECK(asked.wait());
}
