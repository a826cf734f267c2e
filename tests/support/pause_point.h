// PausePoint: holds the N-th awaited call of the fakes, or every one, until the test lets it go.
#ifndef HOLDFAST_TESTS_SUPPORT_PAUSE_POINT_H
#define HOLDFAST_TESTS_SUPPORT_PAUSE_POINT_H

#include <boost/asio/io_context.hpp>

#include <string>
#include <utility>

#include "daemon/link/async.h"
#include "daemon/link/bell.h"

namespace holdfast::tests {

// One for all fakes of a world, so that the calls are numbered in the order in which they are made.
class PausePoint {
  public:
    explicit PausePoint(boost::asio::io_context& loop) : gate_(loop.get_executor()) {}

    // Calls are counted from 0, and counted only from here on.
    void hold_call(int number) {
        counting_ = true;
        number_ = number;
    }
    void hold_every_call() { counting_ = every_ = true; }
    bool is_holding() const noexcept { return held_; }
    // "sign", "append action": the call that is held, or was last.
    const std::string& where() const noexcept { return where_; }
    void let_go() {
        counting_ = every_ = held_ = false;
        gate_.ring();
    }

    // In every fake's awaited call, after it was heard and before it answers.
    daemon::Async<std::monostate> pass(std::string where) {
        if (!counting_ || (seen_++ != number_ && !every_)) co_return done();
        held_ = true;
        where_ = std::move(where);
        while (held_)
            co_await gate_.rung();
        co_return done();
    }

  private:
    daemon::Bell gate_;
    std::string where_;
    bool counting_ = false;
    bool every_ = false;
    bool held_ = false;
    int number_ = 0;
    int seen_ = 0;
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_PAUSE_POINT_H
