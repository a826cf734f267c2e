// FairQueue: whose turn it is.
#include <string>
#include <vector>

#include "daemon/link/fair_queue.h"
#include "tests/support/catch.h"

using namespace std::chrono_literals;
using holdfast::Code;
using holdfast::daemon::FairQueue;

namespace {

using Queue = FairQueue<int>;

constexpr Queue::Limits roomy{100, 50};

// Serves `turns` turns; what a flow's turn takes is told by `cost`.
template <class CostOf>
std::string served(Queue& queue, int turns, CostOf&& cost) {
    std::string order;
    for (int i = 0; i < turns; ++i) {
        const auto turn = queue.pop();
        if (!turn) break;
        order += turn->flow;
        queue.finished(turn->flow, cost(turn->flow));
    }
    return order;
}

std::chrono::nanoseconds always_1ms(const std::string&) {
    return 1ms;
}

void fill(Queue& queue, const std::string& flow, int items) {
    for (int i = 0; i < items; ++i)
        REQUIRE(queue.push(flow, i));
}

auto count(const std::string& order, char flow) {
    return std::count(order.begin(), order.end(), flow);
}

}  // namespace

TEST_CASE("fair queue: one flow is served in its order", "[daemon][link]") {
    Queue queue(roomy);
    fill(queue, "a", 3);
    CHECK(queue.size() == 3);
    for (int i = 0; i < 3; ++i)
        CHECK(queue.pop()->item == i);
    CHECK_FALSE(queue.pop());
    CHECK(queue.size() == 0);
}

TEST_CASE("fair queue: however many one flow has waiting, another waits for one turn",
          "[daemon][link]") {
    Queue queue(roomy);
    fill(queue, "g", 20);
    CHECK(served(queue, 5, always_1ms) == "ggggg");
    fill(queue, "m", 1);
    CHECK(served(queue, 2, always_1ms).find('m') != std::string::npos);
}

TEST_CASE("fair queue: flows that always have something waiting take turns", "[daemon][link]") {
    Queue queue(roomy);
    for (const char* flow : {"a", "b", "c"})
        fill(queue, flow, 10);
    const auto order = served(queue, 15, always_1ms);
    CHECK(count(order, 'a') == 5);
    CHECK(count(order, 'b') == 5);
    CHECK(count(order, 'c') == 5);
}

TEST_CASE("fair queue: time is shared, not the number of requests", "[daemon][link]") {
    Queue queue(roomy);
    fill(queue, "a", 50);
    fill(queue, "b", 50);
    const auto order =
        served(queue, 50, [](const std::string& flow) { return flow == "a" ? 9ms : 1ms; });
    CHECK(count(order, 'a') >= 3);
    CHECK(count(order, 'a') <= 8);
}

TEST_CASE("fair queue: being idle saves nothing up", "[daemon][link]") {
    Queue queue(roomy);
    fill(queue, "a", 40);
    CHECK(served(queue, 20, always_1ms).size() == 20);
    fill(queue, "b", 20);
    const auto order = served(queue, 10, always_1ms);
    CHECK(count(order, 'b') <= 6);
}

TEST_CASE("fair queue: after something long nobody pays for a guess", "[daemon][link]") {
    Queue queue(roomy);
    fill(queue, "operator", 1);
    CHECK(served(queue, 1, [](const std::string&) { return 5s; }) == "operator");
    // Two at once with the worker, as it works: neither is known to be short yet.
    fill(queue, "g", 40);
    REQUIRE(queue.pop());
    REQUIRE(queue.pop());
    fill(queue, "m", 10);
    queue.finished("g", 1ms);
    queue.finished("g", 1ms);
    CHECK(count(served(queue, 10, always_1ms), 'm') >= 4);
}

TEST_CASE("fair queue: a flow has its share of the room, and all have theirs", "[daemon][link]") {
    Queue queue({5, 3});
    fill(queue, "a", 3);
    const auto share = queue.push("a", 3);
    REQUIRE_FALSE(share);
    CHECK(share.error().code() == Code::busy);
    CHECK(share.error().reason() == "too_many_requests");
    fill(queue, "b", 2);
    const auto full = queue.push("c", 0);
    REQUIRE_FALSE(full);
    CHECK(full.error().code() == Code::unavailable);
    CHECK(full.error().reason() == "too_many_requests");
    REQUIRE(queue.pop());
    CHECK(queue.push("c", 0));
}

TEST_CASE("fair queue: who gives up is not served, and makes room", "[daemon][link]") {
    Queue queue({2, 2});
    fill(queue, "a", 2);
    queue.remove("a", 0);
    queue.remove("nobody", 0);
    CHECK(queue.size() == 1);
    CHECK(queue.push("b", 7));
    queue.remove("a", 1);
    CHECK(queue.pop()->item == 7);
    CHECK_FALSE(queue.pop());
}
