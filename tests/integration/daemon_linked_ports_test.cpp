// The ports keys and measurer over their links: what is asked goes out, what is answered comes in.
#include <fcntl.h>

#include <deque>

#include "daemon/link/linked_keys.h"
#include "daemon/link/linked_measurer.h"
#include "tests/support/link_bench.h"

using holdfast::Bytes;
using holdfast::Code;
using holdfast::Descriptor;
using holdfast::Error;
using namespace holdfast::daemon;
using namespace holdfast::tests;

TEST_CASE("linked keys: sign carries key and preimage, and brings the signature",
          "[daemon][link]") {
    Front front(WorkerKind::keys);
    const FakeWorker worker(front);
    LinkedKeys keys(front.link);
    Asked<Bytes> call(front, keys.sign("agent-bot-1", Bytes{1, 2, 3}));
    const auto hello = worker.receive();
    worker.answer(hello, Error(Code::internal, "not asked by anybody"));
    const auto request = worker.receive();
    CHECK(request.operation == Operation::sign);
    const auto asked = decode_sign(request.payload);
    REQUIRE(asked);
    CHECK(asked->key_id == "agent-bot-1");
    CHECK(asked->preimage == Bytes{1, 2, 3});
    worker.answer(request, Bytes(64, 9));
    REQUIRE(call.wait());
    CHECK(*call.wait() == Bytes(64, 9));
}

TEST_CASE("linked keys: a reply that is none of its kind is refused", "[daemon][link]") {
    Front front(WorkerKind::keys);
    const FakeWorker worker(front);
    LinkedKeys keys(front.link);
    (void)worker.receive();
    Asked<std::vector<holdfast::KeyDescription>> list(front, keys.list());
    worker.answer(worker.receive(), Bytes{1});
    REQUIRE_FALSE(list.wait());
    Asked<std::monostate> blow(front, keys.blow_fuse("agent-bot-1"));
    worker.answer(worker.receive(), Bytes{1});
    REQUIRE_FALSE(blow.wait());
    Asked<std::monostate> again(front, keys.blow_fuse("agent-bot-1"));
    worker.answer(worker.receive());
    REQUIRE(again.wait());
}

TEST_CASE("linked keys: evidence for keys in a token takes their agents' turns, not the operators'",
          "[daemon][link]") {
    Front front(WorkerKind::keys);
    const FakeWorker worker(front);
    LinkedKeys keys(front.link);
    worker.answer(worker.receive(), Error(Code::internal, "not asked by anybody"));
    std::deque<Asked<holdfast::TpmEvidence>> quotes;
    for (std::size_t i = 0; i < max_waiting_per_flow; ++i)
        quotes.emplace_back(front, keys.attest_for(i % 2 == 0 ? "hsm-a-1" : "hsm-b-1", "", {}));
    Asked<HostIdentity> of_operators(front, keys.host());
    std::size_t ahead = 0;
    for (auto request = worker.receive(); request.operation != Operation::host;
         request = worker.receive()) {
        CHECK(request.operation == Operation::attest);
        CHECK(decode_attest(request.payload)->key_id.empty());
        worker.answer(request);
        front.turn();
        ++ahead;
    }
    // What the worker had already, and one turn of each of the two.
    CHECK(ahead <= link_window + 2);
}

TEST_CASE("linked measurer: the pidfd goes out, the view's descriptors come in", "[daemon][link]") {
    Front front(WorkerKind::measurer);
    const FakeWorker worker(front);
    LinkedMeasurer measurer(front.link);
    const Descriptor pidfd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    Asked<holdfast::attest::ProcessView> call(front, measurer.measure(4711, pidfd.get(), 1000));
    const auto request = worker.receive();
    REQUIRE(request.descriptors.size() == 1);
    const auto asked = decode_measure(request.payload);
    REQUIRE(asked);
    CHECK(asked->pid == 4711);
    CHECK(asked->uid == 1000);

    holdfast::attest::ProcessView view;
    view.measurement.executable.path = "/usr/bin/agent";
    view.maps = Descriptor(::open("/proc/self/maps", O_RDONLY | O_CLOEXEC));
    view.files.push_back({Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)), {}});
    worker.answer(request, encode(std::move(view)));
    const auto& got = call.wait();
    REQUIRE(got);
    CHECK(got->measurement.executable.path == "/usr/bin/agent");
    CHECK(got->maps);
    CHECK(got->files.size() == 1);
}
