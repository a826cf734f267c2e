// Chore: work done once, later, when there is a reason for it. Without one nothing wakes the
// process.
#ifndef HOLDFAST_DAEMON_FRONT_CHORE_H
#define HOLDFAST_DAEMON_FRONT_CHORE_H

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <utility>

namespace holdfast::daemon {

// Event loop only; lives as long as the loop.
class Chore {
  public:
    using Work = std::function<boost::asio::awaitable<void>()>;
    Chore(const boost::asio::any_io_executor& loop, Work work)
        : timer_(loop), work_(std::move(work)) {}

    // Nothing changes when it is planned already: asking often does not put it off.
    void plan(std::chrono::seconds from_now) {
        if (std::exchange(planned_, true)) return;
        timer_.expires_after(from_now);
        timer_.async_wait([this](const boost::system::error_code& error) {
            planned_ = false;
            if (!error)
                boost::asio::co_spawn(timer_.get_executor(), work_(), boost::asio::detached);
        });
    }

  private:
    boost::asio::steady_timer timer_;
    Work work_;
    bool planned_ = false;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_FRONT_CHORE_H
