// Chore: work done once, later, when there is a reason for it. Without one nothing wakes the
// process.
#ifndef HOLDFAST_DAEMON_FRONT_CHORE_H
#define HOLDFAST_DAEMON_FRONT_CHORE_H

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>

namespace holdfast::daemon {

// Event loop only; lives as long as the loop.
class Chore {
  public:
    using Work = std::function<boost::asio::awaitable<void>()>;
    Chore(const boost::asio::any_io_executor& loop, Work work);

    // Nothing changes when it is planned already: asking often does not put it off.
    void plan(std::chrono::seconds from_now);
    // The same, unless it is planned for later: then it is brought forward.
    void plan_by(std::chrono::seconds from_now);

  private:
    void wait(std::chrono::seconds from_now);

    boost::asio::steady_timer timer_;
    Work work_;
    bool planned_ = false;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_FRONT_CHORE_H
