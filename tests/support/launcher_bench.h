// LauncherBench: a front that hears its launcher, which the test plays.
#ifndef HOLDFAST_TESTS_SUPPORT_LAUNCHER_BENCH_H
#define HOLDFAST_TESTS_SUPPORT_LAUNCHER_BENCH_H

#include <optional>
#include <string>
#include <utility>

#include "daemon/link/linked_launcher.h"
#include "tests/support/link_bench.h"

namespace holdfast::tests {

inline Bytes number(std::uint64_t job) {
    return PayloadWriter().u64(job).take();
}

inline Message store_answer(std::uint64_t job, Result<Reply> outcome) {
    Message reply = encode_reply(Message{}, std::move(outcome));
    Message message;
    message.operation = Operation::store_answer;
    message.payload = PayloadWriter().u64(job).bytes(reply.payload).take();
    message.descriptors = std::move(reply.descriptors);
    return message;
}
inline Message store_answer(std::uint64_t job, Bytes body) {
    return store_answer(job, Reply{std::move(body), {}});
}

// A front that hears its launcher, as front_process.cpp does.
struct LauncherBench {
    LauncherBench() {
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

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_LAUNCHER_BENCH_H
