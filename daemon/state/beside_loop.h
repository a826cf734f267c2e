// beside_loop: blocking work on a thread of its own, awaited on the event loop.
#ifndef HOLDFAST_DAEMON_STATE_BESIDE_LOOP_H
#define HOLDFAST_DAEMON_STATE_BESIDE_LOOP_H

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "daemon/link/async.h"

namespace holdfast::daemon {

// `job` runs on the pool's thread and must own what it reads.
template <class T>
Async<T> beside_loop(boost::asio::thread_pool& thread, boost::asio::any_io_executor loop,
                     std::function<Result<T>()> job) {
    namespace asio = boost::asio;
    // Owners: the coroutine that waits, and the job until it has told the loop.
    struct Finished {
        explicit Finished(const asio::any_io_executor& executor)
            : bell(executor, asio::steady_timer::time_point::max()) {}
        asio::steady_timer bell;  // cancelled, on the loop, when the result is there
        std::optional<Result<T>> result;
    };
    const auto finished = std::make_shared<Finished>(loop);
    auto run = [finished, loop, work = std::move(job)] {
        auto result = work();
        asio::post(loop, [finished, taken = std::move(result)]() mutable {
            finished->result.emplace(std::move(taken));
            finished->bell.cancel();
        });
    };
    asio::post(thread, std::move(run));
    constexpr auto token = asio::as_tuple(asio::use_awaitable);
    while (!finished->result)
        (void)co_await finished->bell.async_wait(token);
    co_return *std::move(finished->result);
}

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_BESIDE_LOOP_H
