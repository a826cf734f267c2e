// Bell: what a coroutine waits for until another rings it; and work that runs beside its caller.
// Asio's timers and spawning stay in the .cpp: they cost each file that reads them two seconds.
#ifndef HOLDFAST_DAEMON_LINK_BELL_H
#define HOLDFAST_DAEMON_LINK_BELL_H

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>

namespace holdfast::daemon {

// Event loop only. A ring is heard by those who wait at that moment and by nobody later: keep what
// has happened beside it, and look at that before waiting. It must outlive its waits.
class Bell {
  public:
    explicit Bell(const boost::asio::any_io_executor& loop);
    Bell(const Bell&) = delete;
    Bell& operator=(const Bell&) = delete;
    ~Bell();

    void ring() noexcept;
    boost::asio::awaitable<void> rung();
    // At most so long; for a bell on which nobody else waits.
    boost::asio::awaitable<void> rung_within(std::chrono::milliseconds at_most);

  private:
    struct Timer;
    std::unique_ptr<Timer> timer_;
};

// On the loop's own thread `work` runs to its first suspension before this returns. Nobody hears of
// what it throws.
void run_beside(const boost::asio::any_io_executor& loop, boost::asio::awaitable<void> work);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LINK_BELL_H
