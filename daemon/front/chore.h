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
        if (!planned_) wait(from_now);
    }
    // The same, unless it is planned for later: then it is brought forward.
    void plan_by(std::chrono::seconds from_now) {
        const auto wanted = std::chrono::steady_clock::now() + from_now;
        if (!planned_ || wanted < timer_.expiry()) wait(from_now);
    }

  private:
    void wait(std::chrono::seconds from_now) {
        planned_ = true;
        timer_.expires_after(from_now);  // a wait that is under way ends with an error
        timer_.async_wait([this](const boost::system::error_code& error) {
            if (error) return;
            planned_ = false;
            boost::asio::co_spawn(timer_.get_executor(), work_(), boost::asio::detached);
        });
    }

    boost::asio::steady_timer timer_;
    Work work_;
    bool planned_ = false;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_FRONT_CHORE_H
