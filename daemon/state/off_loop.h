// OffLoop: work that takes long (reading, parsing, counting) beside the event loop, which goes on.
#ifndef HOLDFAST_DAEMON_STATE_OFF_LOOP_H
#define HOLDFAST_DAEMON_STATE_OFF_LOOP_H

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "daemon/link/async.h"
#include "daemon/link/bell.h"

namespace holdfast::daemon {

// Event loop only. One job at a time, in the order in which they came. A job owns all it looks at.
class OffLoop {
  public:
    explicit OffLoop(boost::asio::any_io_executor loop);
    OffLoop(const OffLoop&) = delete;
    OffLoop& operator=(const OffLoop&) = delete;
    // Ends the job that runs, and forgets those that have not begun.
    ~OffLoop();

    template <class T>
    Async<T> run(std::function<Result<T>()> job) {
        const auto waiting = std::make_shared<Waiting<T>>(loop_);
        post([waiting, work = std::move(job)] { waiting->made.emplace(work()); },
             [waiting] {
                 waiting->is_there = true;
                 waiting->bell.ring();
             });
        while (!waiting->is_there)
            co_await waiting->bell.rung();
        co_return *std::move(waiting->made);
    }

  private:
    // Owners: the coroutine that waits, and the job until it has told the loop.
    template <class T>
    struct Waiting {
        explicit Waiting(const boost::asio::any_io_executor& loop) : bell(loop) {}
        Bell bell;                      // rung when is_there is set
        std::optional<Result<T>> made;  // the job's own until then
        bool is_there = false;
    };

    // `job` beside the loop, and then `finished` on it.
    void post(std::function<void()> job, std::function<void()> finished);

    boost::asio::any_io_executor loop_;
    struct Thread;
    std::unique_ptr<Thread> thread_;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_OFF_LOOP_H
