#include "daemon/link/bell.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace holdfast::daemon {
namespace {

namespace asio = boost::asio;

}  // namespace

// Never expires by itself: a ring cancels it.
struct Bell::Timer : asio::steady_timer {
    explicit Timer(const asio::any_io_executor& loop)
        : asio::steady_timer(loop, asio::steady_timer::time_point::max()) {}
};

Bell::Bell(const asio::any_io_executor& loop) : timer_(std::make_unique<Timer>(loop)) {}
Bell::~Bell() = default;

// NOLINTNEXTLINE(bugprone-exception-escape): Asio's cancel() has nothing to throw.
void Bell::ring() noexcept {
    timer_->cancel();
}

asio::awaitable<void> Bell::rung() {
    (void)co_await timer_->async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<void> Bell::rung_within(std::chrono::milliseconds at_most) {
    timer_->expires_after(at_most);
    co_await rung();
}

void run_beside(const asio::any_io_executor& loop, asio::awaitable<void> work) {
    asio::co_spawn(loop, std::move(work), asio::detached);
}

}  // namespace holdfast::daemon
