// Started: work that runs beside its caller.
#ifndef HOLDFAST_DAEMON_HANDLERS_STARTED_H
#define HOLDFAST_DAEMON_HANDLERS_STARTED_H

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "daemon/link/async.h"
#include "daemon/link/bell.h"

namespace holdfast::daemon {

template <class T>
class Started {
  public:
    // On the loop's own thread `work` runs to its first suspension before this returns.
    Started(const boost::asio::any_io_executor& executor, Async<T> work)
        : state_(std::make_shared<State>(executor)) {
        run_beside(executor, run(std::move(work), state_));
    }

    // Once, either of them. Nothing, and the work goes on: it took longer than that.
    Async<T> result() { return wait(state_); }
    boost::asio::awaitable<std::optional<Result<T>>> result_within(std::chrono::milliseconds time) {
        return wait_for(state_, time);
    }

  private:
    struct State {
        explicit State(const boost::asio::any_io_executor& executor) : bell(executor) {}
        Bell bell;  // rung when the result is there
        std::optional<Result<T>> result;
    };

    static boost::asio::awaitable<void> run(Async<T> work, std::shared_ptr<State> state) {
        try {
            state->result.emplace(co_await std::move(work));
        } catch (const std::exception& thrown) {
            state->result.emplace(Error(Code::internal, thrown.what()));
        }
        state->bell.ring();
    }

    static Async<T> wait(std::shared_ptr<State> state) {
        while (!state->result)
            co_await state->bell.rung();
        co_return *std::move(state->result);
    }

    static boost::asio::awaitable<std::optional<Result<T>>> wait_for(
        std::shared_ptr<State> state, std::chrono::milliseconds time) {
        if (!state->result) co_await state->bell.rung_within(time);
        co_return std::move(state->result);
    }

    std::shared_ptr<State> state_;  // owned by this and by the running work: either may end first
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_HANDLERS_STARTED_H
