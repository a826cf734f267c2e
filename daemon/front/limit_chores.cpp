// FrontProcess, limits: counted while the ledger was opened, and again when others are declared.
#include <chrono>
#include <utility>

#include "daemon/front/front_process.h"
#include "daemon/handlers/limits.h"
#include "daemon/log.h"
#include "daemon/state/limit_fold.h"

namespace holdfast::daemon {
namespace {

constexpr std::chrono::seconds count_again{30};  // it reads the whole ledger

}  // namespace

void FrontProcess::take_limits(const Ledger& ledger, policy::Limits counted) {
    services_.limits.counted = std::move(counted);
    services_.limits.count = [this, &ledger](policy::DeclaredLimits declared) {
        return limit_counting_.run<policy::Limits>(
            [directory = services_.settings.state_dir + "/ledger", known = ledger.head(),
             wanted = std::move(declared)] { return count_from_ledger(directory, known, wanted); });
    };
}

// A limit that an apply has just declared: the ledger knows what was used of it.
void FrontProcess::plan_counting() {
    if (handlers::limits_uncounted(services_)) counting_.plan(std::chrono::seconds(0));
}

boost::asio::awaitable<void> FrontProcess::count_limits() {
    const auto counted = co_await handlers::count_limits(services_);
    if (counted) co_return;
    log_error("limits are not counted, what falls under them is refused: " +
              counted.error().text());
    counting_.plan(count_again);
}

}  // namespace holdfast::daemon
