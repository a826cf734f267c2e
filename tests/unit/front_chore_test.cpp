#include <boost/asio/io_context.hpp>

#include "daemon/front/chore.h"
#include "tests/support/catch.h"

using holdfast::daemon::Chore;
using std::chrono::seconds;

namespace {

struct Bench {
    boost::asio::io_context loop;
    int times = 0;
    int again = 0;  // as often the work plans itself anew
    Chore chore{loop.get_executor(), [this]() -> boost::asio::awaitable<void> {
                    ++times;
                    if (again-- > 0) chore.plan(seconds(0));
                    co_return;
                }};
    // Returns once nothing is planned any more.
    int run() {
        loop.restart();
        loop.run();
        return times;
    }
};

}  // namespace

TEST_CASE("chore: without a reason nothing wakes the loop", "[front]") {
    Bench bench;
    CHECK(bench.run() == 0);
}

TEST_CASE("chore: planned often it is done once, and not put off", "[front]") {
    Bench bench;
    bench.chore.plan(seconds(0));
    bench.chore.plan(seconds(3600));
    CHECK(bench.run() == 1);
    bench.chore.plan(seconds(0));
    CHECK(bench.run() == 2);
}

TEST_CASE("chore: brought forward it is done then, once, and never put off by it", "[front]") {
    Bench bench;
    bench.chore.plan(seconds(3600));
    bench.chore.plan_by(seconds(0));
    bench.chore.plan_by(seconds(3600));
    CHECK(bench.run() == 1);
    bench.chore.plan_by(seconds(0));
    CHECK(bench.run() == 2);
}

TEST_CASE("chore: what is not finished plans itself again", "[front]") {
    Bench bench;
    bench.again = 2;
    bench.chore.plan(seconds(0));
    CHECK(bench.run() == 3);
}
