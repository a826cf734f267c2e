#include <boost/asio/io_context.hpp>

#include <stdexcept>

#include "daemon/link/bell.h"
#include "tests/support/catch.h"

using holdfast::daemon::Bell;
using holdfast::daemon::run_beside;

namespace {

struct Bench {
    boost::asio::io_context loop;
    Bell bell{loop.get_executor()};
    int heard = 0;

    boost::asio::awaitable<void> wait() {
        co_await bell.rung();
        ++heard;
    }
    boost::asio::awaitable<void> wait_within(std::chrono::milliseconds time) {
        co_await bell.rung_within(time);
        ++heard;
    }
    void begin(boost::asio::awaitable<void> work) {
        run_beside(loop.get_executor(), std::move(work));
        turn();
    }
    // What can run, runs.
    int turn() {
        loop.restart();
        loop.poll();
        return heard;
    }
};

}  // namespace

TEST_CASE("bell: all who wait hear a ring, and nobody later", "[daemon]") {
    Bench bench;
    bench.begin(bench.wait());
    bench.begin(bench.wait());
    CHECK(bench.turn() == 0);
    bench.bell.ring();
    CHECK(bench.turn() == 2);
    bench.begin(bench.wait());
    CHECK(bench.turn() == 2);
    bench.bell.ring();
    CHECK(bench.turn() == 3);
}

TEST_CASE("bell: who waits for a time only hears the ring before that", "[daemon]") {
    Bench bench;
    bench.begin(bench.wait_within(std::chrono::hours(1)));
    CHECK(bench.turn() == 0);
    bench.bell.ring();
    CHECK(bench.turn() == 1);
}

TEST_CASE("bell: who waits for a time only goes on without a ring", "[daemon]") {
    Bench bench;
    bench.begin(bench.wait_within(std::chrono::milliseconds(1)));
    bench.loop.restart();
    bench.loop.run();
    CHECK(bench.heard == 1);
}

TEST_CASE("beside: on the loop's thread work begins at once, and goes on by itself", "[daemon]") {
    Bench bench;
    int steps = 0;
    const auto work = [](Bell& bell, int& done) -> boost::asio::awaitable<void> {
        ++done;
        co_await bell.rung();
        ++done;
    };
    const auto caller = [](Bench& all, int& done, auto start) -> boost::asio::awaitable<void> {
        run_beside(all.loop.get_executor(), start(all.bell, done));
        CHECK(done == 1);
        co_return;
    };
    bench.begin(caller(bench, steps, work));
    CHECK(steps == 1);
    bench.bell.ring();
    bench.turn();
    CHECK(steps == 2);
}

TEST_CASE("beside: what the work throws ends nothing else", "[daemon]") {
    Bench bench;
    const auto work = []() -> boost::asio::awaitable<void> {
        throw std::runtime_error("nobody hears of it");
        co_return;
    };
    bench.begin(bench.wait());
    CHECK_NOTHROW(bench.begin(work()));
    bench.bell.ring();
    CHECK(bench.turn() == 1);
}
