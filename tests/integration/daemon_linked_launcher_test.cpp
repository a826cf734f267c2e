// The port launcher over its link: requests, and what it tells unasked.
#include "daemon/link/kept.h"
#include "tests/support/launch_samples.h"
#include "tests/support/launcher_bench.h"

using holdfast::Bytes;
using holdfast::Code;
using holdfast::Descriptor;
using holdfast::Done;
using holdfast::Error;
using holdfast::Result;
using holdfast::Sha256;
using namespace holdfast::daemon;
using namespace holdfast::tests;

TEST_CASE("linked launcher: each order goes out as it was given", "[daemon][link][launch]") {
    LauncherBench bench;
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
    LauncherBench bench;
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
    LauncherBench bench;
    Asked<std::monostate> released(bench.front, bench.launcher.release("ab"));
    bench.worker->answer(bench.worker->receive(), Bytes{1});
    CHECK_FALSE(released.wait());
    Asked<LaunchedInstance> described(bench.front, bench.launcher.describe("ab"));
    bench.worker->answer(bench.worker->receive(), Bytes{1});
    CHECK_FALSE(described.wait());
}

TEST_CASE("linked launcher: an end goes before what waits", "[daemon][link][launch]") {
    LauncherBench bench;
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
