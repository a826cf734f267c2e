// A WorkerLink with its event loop, and the worker at its other end played by the test.
#ifndef HOLDFAST_TESTS_SUPPORT_LINK_BENCH_H
#define HOLDFAST_TESTS_SUPPORT_LINK_BENCH_H

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "daemon/link/worker_link.h"
#include "tests/support/catch.h"

namespace holdfast::tests {

using namespace holdfast::daemon;  // NOLINT(google-build-using-namespace): a bench of its parts

inline constexpr Patience for_ever = std::chrono::hours(1);
inline constexpr Patience short_time{30};
// SO_SNDBUF, which the kernel doubles: the largest request fits, a second one must wait.
inline constexpr int room_for_one = 40'000;

// The front's side: event loop, link, and what the link reported.
struct Front {
    explicit Front(WorkerKind kind, Patience patience = for_ever)
        : Front(kind, [patience](Operation) { return patience; }) {}
    Front(WorkerKind kind, WorkerLink::PatienceOf patience)
        : link(
              io.get_executor(), kind, [this](WorkerId worker) { failed.push_back(worker); },
              std::move(patience)) {}

    // Lets what is ready happen, without waiting.
    void turn() {
        io.restart();
        io.poll();
    }

    boost::asio::io_context io;
    std::vector<WorkerId> failed;
    WorkerLink link;
};

template <class T>
class Asked {
  public:
    Asked(Front& front, Async<T> call) : front_(front) {
        boost::asio::co_spawn(front.io, keep(std::move(call), box_), boost::asio::detached);
        front.turn();
    }

    bool answered() const { return box_->has_value(); }
    const Result<T>& wait() {
        front_.io.restart();
        while (!answered())
            REQUIRE(front_.io.run_one() > 0);
        return **box_;
    }

  private:
    using Box = std::optional<Result<T>>;

    static boost::asio::awaitable<void> keep(Async<T> call, std::shared_ptr<Box> box) {
        auto result = co_await std::move(call);
        box->emplace(std::move(result));
    }

    Front& front_;
    std::shared_ptr<Box> box_ = std::make_shared<Box>();  // the other owner: the running call
};

// The worker's side, played by hand.
class FakeWorker {
  public:
    explicit FakeWorker(Front& front, std::uint64_t generation = 1, int send_buffer = 0) {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0);
        if (send_buffer != 0)
            REQUIRE(::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &send_buffer,
                                 sizeof(send_buffer)) == 0);
        socket_ = Descriptor(ends[1]);
        front.link.attach(Descriptor(ends[0]), generation);
    }

    Message receive() const {
        auto message = receive_message(socket_.get());
        REQUIRE(message);
        return *std::move(message);
    }
    bool has_more() const {
        char byte = 0;
        return ::recv(socket_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
    }
    void answer(const Message& request, Result<Reply> outcome) const {
        REQUIRE(send_message(socket_.get(), encode_reply(request, std::move(outcome))));
    }
    void answer(const Message& request, Bytes body = Bytes()) const {
        answer(request, Reply{std::move(body), {}});
    }
    // Unasked: whatever its id.
    void tell(const Message& message) const { REQUIRE(send_message(socket_.get(), message)); }
    void send_junk(const Bytes& junk) const {
        REQUIRE(::send(socket_.get(), junk.data(), junk.size(), 0) > 0);
    }
    void die() { const Descriptor closed = std::move(socket_); }

  private:
    Descriptor socket_;
};

inline Asked<Reply> ask(Front& front, Operation operation = Operation::measure, Bytes payload = {},
                        std::string flow = {}) {
    Errand errand{operation, std::move(payload), {}, std::move(flow)};
    return {front, front.link.call(std::move(errand))};
}

inline void check_failed(const Result<Reply>& result, Code code, const char* reason) {
    REQUIRE_FALSE(result);
    CHECK(result.error().code() == code);
    CHECK(result.error().reason() == reason);
    CHECK(result.error().retry() == Retry::later);
}

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_LINK_BENCH_H
