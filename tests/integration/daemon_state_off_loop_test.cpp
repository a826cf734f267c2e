// OffLoop: the loop goes on while a job runs beside it.
#include <boost/asio/io_context.hpp>

#include <future>
#include <string>
#include <thread>

#include "daemon/state/off_loop.h"
#include "tests/support/catch.h"
#include "tests/support/run_async.h"

using namespace holdfast;
using daemon::OffLoop;

TEST_CASE("off loop: the loop answers others while a job runs", "[daemon][off-loop]") {
    boost::asio::io_context loop;
    OffLoop beside(loop.get_executor());
    std::promise<void> release;
    std::thread::id where;
    auto waiting = tests::start_async(
        loop, beside.run<int>([&where, gate = release.get_future().share()]() -> Result<int> {
            where = std::this_thread::get_id();
            gate.wait();
            return 42;
        }));
    // Done by the loop, or the job would never end.
    boost::asio::post(loop, [&release] { release.set_value(); });
    while (!waiting->has_value() && loop.run_one() != 0) {
    }
    REQUIRE(waiting->has_value());
    CHECK(***waiting == 42);
    CHECK(where != std::this_thread::get_id());
}

TEST_CASE("off loop: jobs run one after the other, and their errors arrive", "[daemon][off-loop]") {
    boost::asio::io_context loop;
    OffLoop beside(loop.get_executor());
    std::string order;
    auto first = tests::start_async(loop, beside.run<int>([&order]() -> Result<int> {
        order += "a";
        return Error(Code::invalid, "broken");
    }));
    auto second = tests::run_async(loop, beside.run<int>([&order]() -> Result<int> {
        order += "b";
        return 2;
    }));
    CHECK(order == "ab");
    CHECK(second);
    REQUIRE(first->has_value());
    CHECK((*first)->error().text() == "broken");
}
