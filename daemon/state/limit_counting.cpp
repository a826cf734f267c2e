#include "daemon/state/limit_counting.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <optional>
#include <utility>

#include "daemon/state/limit_fold.h"

namespace holdfast::daemon {
namespace {

namespace asio = boost::asio;

// Owners: the coroutine that waits, and the job until it has told the loop.
struct Counted {
    explicit Counted(const asio::any_io_executor& loop)
        : bell(loop, asio::steady_timer::time_point::max()) {}
    asio::steady_timer bell;  // cancelled, on the loop, when the result is there
    std::optional<Result<policy::Limits>> result;
};

}  // namespace

LimitCounting::LimitCounting(asio::any_io_executor loop, std::string ledger_directory)
    : loop_(std::move(loop)), directory_(std::move(ledger_directory)) {}

Async<policy::Limits> LimitCounting::count(policy::DeclaredLimits declared, LedgerHead known) {
    const auto counted = std::make_shared<Counted>(loop_);
    auto job = [counted, known, loop = loop_, directory = directory_,
                wanted = std::move(declared)] {
        auto result = count_from_ledger(directory, known, wanted);
        asio::post(loop, [counted, taken = std::move(result)]() mutable {
            counted->result.emplace(std::move(taken));
            counted->bell.cancel();
        });
    };
    asio::post(thread_, std::move(job));
    constexpr auto token = asio::as_tuple(asio::use_awaitable);
    while (!counted->result)
        (void)co_await counted->bell.async_wait(token);
    co_return *std::move(counted->result);
}

}  // namespace holdfast::daemon
