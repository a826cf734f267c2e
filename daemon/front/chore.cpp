#include "daemon/front/chore.h"

#include <utility>

#include "daemon/link/bell.h"

namespace holdfast::daemon {

Chore::Chore(const boost::asio::any_io_executor& loop, Work work)
    : timer_(loop), work_(std::move(work)) {}

void Chore::plan(std::chrono::seconds from_now) {
    if (!planned_) wait(from_now);
}

void Chore::plan_by(std::chrono::seconds from_now) {
    const auto wanted = std::chrono::steady_clock::now() + from_now;
    if (!planned_ || wanted < timer_.expiry()) wait(from_now);
}

void Chore::wait(std::chrono::seconds from_now) {
    planned_ = true;
    timer_.expires_after(from_now);  // a wait that is under way ends with an error
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        planned_ = false;
        run_beside(timer_.get_executor(), work_());
    });
}

}  // namespace holdfast::daemon
