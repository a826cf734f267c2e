// run_async: drives an event loop until one awaited operation is done.
#ifndef HOLDFAST_TESTS_SUPPORT_RUN_ASYNC_H
#define HOLDFAST_TESTS_SUPPORT_RUN_ASYNC_H

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "daemon/link/async.h"

namespace holdfast::tests {

// Filled when the operation is done; the loop must be run meanwhile.
template <class T>
using Pending = std::shared_ptr<std::optional<Result<T>>>;

namespace detail {

template <class T>
boost::asio::awaitable<void> fill(daemon::Async<T> operation, Pending<T> pending) {
    auto result = co_await std::move(operation);
    pending->emplace(std::move(result));
}

}  // namespace detail

template <class T>
Pending<T> start_async(boost::asio::io_context& loop, daemon::Async<T> operation) {
    auto pending = std::make_shared<std::optional<Result<T>>>();
    // co_spawn itself asks for a result with a default, which Result has not.
    boost::asio::co_spawn(loop, detail::fill<T>(std::move(operation), pending),
                          [](const std::exception_ptr& thrown) {
                              if (thrown) std::rethrow_exception(thrown);
                          });
    return pending;
}

template <class T>
Result<T> run_async(boost::asio::io_context& loop, daemon::Async<T> operation) {
    const auto pending = start_async(loop, std::move(operation));
    loop.restart();
    while (!pending->has_value() && loop.run_one() != 0) {
    }
    if (!pending->has_value()) return Error(Code::internal, "the loop ran out of work");
    return std::move(**pending);
}

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_RUN_ASYNC_H
