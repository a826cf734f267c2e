// Turns: one coroutine at a time, in no particular order.
#ifndef HOLDFAST_DAEMON_STATE_TURNS_H
#define HOLDFAST_DAEMON_STATE_TURNS_H

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>
#include <utility>

#include "daemon/link/bell.h"

namespace holdfast::daemon {

// Event loop only.
class Turns {
    struct State {
        explicit State(const boost::asio::any_io_executor& loop) : bell(loop) {}
        Bell bell;  // rung whenever a turn ends
        bool taken = false;
    };

  public:
    explicit Turns(const boost::asio::any_io_executor& loop)
        : state_(std::make_shared<State>(loop)) {}

    // Ends with its owner, also with a coroutine that is destroyed while it waits.
    class Turn {
      public:
        explicit Turn(std::shared_ptr<State> state) : state_(std::move(state)) {
            state_->taken = true;
        }
        Turn(Turn&&) noexcept = default;
        Turn& operator=(Turn&&) = delete;
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        ~Turn() {
            if (!state_) return;
            state_->taken = false;
            state_->bell.ring();
        }

      private:
        std::shared_ptr<State> state_;
    };

    bool is_taken() const noexcept { return state_->taken; }
    boost::asio::awaitable<Turn> take() { return take(state_); }
    // Until nobody has a turn.
    boost::asio::awaitable<void> ended() { return wait(state_); }

  private:
    static boost::asio::awaitable<void> wait(std::shared_ptr<State> state) {
        while (state->taken)
            co_await state->bell.rung();
    }
    static boost::asio::awaitable<Turn> take(std::shared_ptr<State> state) {
        co_await wait(state);
        co_return Turn(std::move(state));
    }

    std::shared_ptr<State> state_;  // owned by this and by each turn: either may end first
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_TURNS_H
