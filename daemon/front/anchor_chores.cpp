// FrontProcess, the anchor counter: compared at start, advanced at intervals and at an orderly
// stop.
#include <chrono>

#include "daemon/front/front_process.h"
#include "daemon/log.h"

namespace holdfast::daemon {

// At start, whenever the chip's worker is there anew, and as long as something is unfinished.
boost::asio::awaitable<void> FrontProcess::settle_anchor() {
    const auto settled = co_await anchor_.settle();
    // Said once, however often it is tried again.
    const std::string trouble = settled ? "" : settled.error().text();
    if (!settled && trouble != anchor_trouble_) log_warning("anchor counter: " + trouble);
    anchor_trouble_ = trouble;
    plan_settling();
    // Before that nobody could say what is revoked.
    plan_crl();
}

void FrontProcess::plan_anchor() {
    const std::int64_t interval = services_.settings.anchor_interval_s;
    if (interval != 0) anchor_advancing_.plan(std::chrono::seconds(interval));
}

boost::asio::awaitable<void> FrontProcess::advance_anchor() {
    // Each step wears flash: without a new record there is nothing to protect.
    if (anchor_.is_current()) co_return plan_anchor();
    const auto advanced = co_await anchor_.advance("interval", "daemon");
    if (!advanced) log_warning("anchor counter: " + advanced.error().text());
    plan_settling();
    plan_anchor();
}

boost::asio::awaitable<void> FrontProcess::last_anchor_step() {
    const bool is_open = anchor_.holds() && !anchor_.is_current() && !services_.ledger.failed();
    if (is_open) {
        const auto advanced = co_await anchor_.advance("stop", "daemon");
        if (!advanced) log_warning("anchor counter: " + advanced.error().text());
    }
    io_.stop();
}

}  // namespace holdfast::daemon
