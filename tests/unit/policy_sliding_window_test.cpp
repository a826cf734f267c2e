// A sliding window in buckets: it may count longer than it must, never shorter.
#include <limits>

#include "policy/sliding_window.h"
#include "tests/support/catch.h"

using namespace holdfast::policy;

namespace {
constexpr std::int64_t day = 86400;
constexpr std::int64_t start = 1'700'000'000;
constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
}  // namespace

TEST_CASE("sliding window: an event counts for the whole window, and a bucket longer at most",
          "[policy][window]") {
    for (const std::int64_t window :
         {std::int64_t{1}, std::int64_t{63}, std::int64_t{64}, std::int64_t{65}, day}) {
        const std::int64_t bucket = (window + buckets_per_window - 1) / buckets_per_window;
        for (std::int64_t offset = 0; offset < bucket; offset += bucket / 7 + 1) {
            INFO(window << " " << offset);
            SlidingWindow used(window);
            used.add(start + offset, 5);
            CHECK(used.used(start + offset + window - 1) == 5);
            CHECK(used.used(start + offset + window + bucket) == 0);
        }
    }
}

TEST_CASE("sliding window: what lies ahead counts already", "[policy][window]") {
    SlidingWindow used(60);
    used.add(start + 100, 5);
    CHECK(used.used(start) == 5);
}

TEST_CASE("sliding window: says when there is room", "[policy][window]") {
    SlidingWindow used(60);
    used.add(start, 4);
    used.add(start + 10, 3);
    CHECK(used.room_in(start + 10, 3, 10) == 0);
    const auto wait = used.room_in(start + 10, 4, 10);
    REQUIRE(wait);
    CHECK(used.used(start + 10 + *wait) + 4 <= 10);
    CHECK(used.used(start + 10 + *wait - 1) + 4 > 10);
    // Both must leave.
    const auto longer = used.room_in(start + 10, 10, 10);
    REQUIRE(longer);
    CHECK(*longer == *wait + 10);
    CHECK_FALSE(used.room_in(start + 10, 11, 10));
}

TEST_CASE("sliding window: sums stop at the top, and are not taken back from there",
          "[policy][window]") {
    CHECK(saturating_sum(most - 1, 1) == most);
    CHECK(saturating_sum(most, 1) == most);
    CHECK(saturating_sum(1, most) == most);
    SlidingWindow used(60);
    used.add(start, most - 1);
    used.add(start, 5);
    used.take_back(start, 5);
    CHECK(used.used(start) == most);
    used.add(start + 30, 5);
    CHECK(used.used(start + 30) == most);
}

TEST_CASE("sliding window: taking back frees that event's bucket, and no other",
          "[policy][window]") {
    SlidingWindow used(60);
    used.add(start, 4);
    used.add(start + 10, 3);
    used.take_back(start, 4);
    CHECK(used.used(start + 10) == 3);
    used.take_back(start + 20, 1);
    used.take_back(start + 10, 9);
    CHECK(used.is_empty());
    used.add(start, 0);
    CHECK(used.is_empty());
}

TEST_CASE("sliding window: times out of range are no overflow", "[policy][window]") {
    SlidingWindow used(2'678'400);
    used.add(std::numeric_limits<std::int64_t>::max(), 1);
    used.add(std::numeric_limits<std::int64_t>::min(), 1);
    CHECK(used.used(0) == 2);
    used.forget_before(start);
    CHECK(used.used(start) == 1);
}
