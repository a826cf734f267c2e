// OffLoop: work that takes long (reading, parsing, counting) beside the event loop, which goes on.
#ifndef HOLDFAST_DAEMON_STATE_OFF_LOOP_H
#define HOLDFAST_DAEMON_STATE_OFF_LOOP_H

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

// Event loop only. One job at a time, in the order in which they came. A job owns all it looks at.
class OffLoop {
  public:
    explicit OffLoop(boost::asio::any_io_executor loop) : loop_(std::move(loop)) {}

    template <class T>
    Async<T> run(std::function<Result<T>()> job) {
        const auto waiting = std::make_shared<Waiting<T>>(loop_);
        boost::asio::post(thread_, [waiting, loop = loop_, work = std::move(job)] {
            auto result = work();
            boost::asio::post(loop, [waiting, taken = std::move(result)]() mutable {
                waiting->result.emplace(std::move(taken));
                waiting->bell.cancel();
            });
        });
        constexpr auto token = boost::asio::as_tuple(boost::asio::use_awaitable);
        while (!waiting->result)
            (void)co_await waiting->bell.async_wait(token);
        co_return *std::move(waiting->result);
    }

  private:
    // Owners: the coroutine that waits, and the job until it has told the loop.
    template <class T>
    struct Waiting {
        explicit Waiting(const boost::asio::any_io_executor& loop)
            : bell(loop, boost::asio::steady_timer::time_point::max()) {}
        boost::asio::steady_timer bell;  // cancelled, on the loop, when the result is there
        std::optional<Result<T>> result;
    };

    boost::asio::any_io_executor loop_;
    boost::asio::thread_pool thread_{1};
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_OFF_LOOP_H
