// What is counted and remembered for triggers.
#include <limits>

#include "policy/clock_watch.h"
#include "policy/heartbeats.h"
#include "policy/known_audiences.h"
#include "policy/trigger_counts.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::policy;

namespace {

const Burst three_a_minute{{"suspend", {}}, 3, 60};

}  // namespace

TEST_CASE("trigger counts: as many as it says within its time, then from nothing",
          "[policy][triggers]") {
    TriggerCounts counts;
    CHECK_FALSE(counts.add("bot", Trigger::denial_burst, three_a_minute, 1000));
    CHECK_FALSE(counts.add("bot", Trigger::denial_burst, three_a_minute, 1010));
    CHECK(counts.add("bot", Trigger::denial_burst, three_a_minute, 1059));
    CHECK_FALSE(counts.add("bot", Trigger::denial_burst, three_a_minute, 1060));
}

TEST_CASE("trigger counts: what is older than its time counts no more", "[policy][triggers]") {
    TriggerCounts counts;
    CHECK_FALSE(counts.add("bot", Trigger::denial_burst, three_a_minute, 1000));
    CHECK_FALSE(counts.add("bot", Trigger::denial_burst, three_a_minute, 1001));
    // A bucket of one second later at most.
    CHECK_FALSE(counts.add("bot", Trigger::denial_burst, three_a_minute, 1063));
    CHECK_FALSE(counts.add("bot", Trigger::denial_burst, three_a_minute, 1064));
    CHECK(counts.add("bot", Trigger::denial_burst, three_a_minute, 1065));
}

TEST_CASE("trigger counts: agents and triggers are counted apart, a changed burst anew",
          "[policy][triggers]") {
    TriggerCounts counts;
    const Burst two{{"suspend", {}}, 2, 60};
    CHECK_FALSE(counts.add("bot", Trigger::denial_burst, two, 1));
    CHECK_FALSE(counts.add("bot", Trigger::limit_exceeded, two, 1));
    CHECK_FALSE(counts.add("other", Trigger::denial_burst, two, 1));
    CHECK_FALSE(counts.add("bot", Trigger::denial_burst, three_a_minute, 1));
    CHECK_FALSE(counts.add("bot", Trigger::denial_burst, three_a_minute, 1));
    CHECK(counts.add("bot", Trigger::denial_burst, three_a_minute, 1));
    CHECK(counts.add("bot", Trigger::denial_burst, Burst{{"suspend", {}}, 1, 60}, 1));
}

TEST_CASE("trigger counts: agents that are gone are forgotten", "[policy][triggers]") {
    TriggerCounts counts;
    (void)counts.add("bot", Trigger::denial_burst, three_a_minute, 1);
    (void)counts.add("gone", Trigger::denial_burst, three_a_minute, 1);
    counts.retain([](const std::string& agent) { return agent == "bot"; });
    CHECK(counts.size() == 1);
}

TEST_CASE("known audiences: the first ones are free, then each new one is novel",
          "[policy][triggers]") {
    KnownAudiences known;
    CHECK(known.is_novel("bot", "https://a", 0));
    CHECK_FALSE(known.is_novel("bot", "https://a", 2));
    known.note("bot", "https://a");
    known.note("bot", "https://a");
    CHECK_FALSE(known.is_novel("bot", "https://b", 2));
    known.note("bot", "https://b");
    CHECK(known.is_novel("bot", "https://c", 2));
    CHECK_FALSE(known.is_novel("bot", "https://a", 0));
    CHECK(known.is_novel("bot", "https://a/", 2));
    // Another agent's are its own.
    CHECK_FALSE(known.is_novel("other", "https://c", 1));
    CHECK(known.is_novel("other", "https://a", 0));
}

TEST_CASE("known audiences: what has no room stays novel", "[policy][triggers]") {
    KnownAudiences known;
    for (std::size_t i = 0; i < max_known_audiences; ++i)
        known.note("bot", "https://" + std::to_string(i));
    CHECK(known.count("bot") == max_known_audiences);
    CHECK_FALSE(known.is_novel("bot", "https://1023", 0));
    known.note("bot", "https://1024");
    CHECK(known.count("bot") == max_known_audiences);
    CHECK(known.is_novel("bot", "https://1024", std::size_t{max_learned}));
    for (std::size_t i = 1; i < max_known_agents; ++i)
        known.note("a" + std::to_string(i), "https://a");
    CHECK_FALSE(known.is_novel("a4095", "https://b", 2));
    known.note("one-more", "https://a");
    CHECK(known.count("one-more") == 0);
    CHECK(known.is_novel("one-more", "https://a", 2));
}

TEST_CASE("clock watch: a step back is told of once, to those who mind so much",
          "[policy][triggers]") {
    ClockWatch clock;
    clock.take(1000);
    CHECK(clock.goes_on({1000, 0}));
    CHECK(clock.goes_on({1100, 0}));
    CHECK_FALSE(clock.goes_on({1099, 0}));
    CHECK(clock.went_back({1099, 0}, {{"bot", 30}}).empty());
    CHECK_FALSE(clock.goes_on({1069, 0}));
    const Clocks now{1069, 0};
    const auto steps = clock.went_back(now, {{"bot", 30}, {"patient", 60}});
    REQUIRE(steps.size() == 1);
    CHECK(steps[0].agent == "bot");
    CHECK(steps[0].seconds == 31);
    clock.told("bot", now);
    CHECK(clock.went_back(now, {{"bot", 30}}).empty());
    CHECK(clock.goes_on(now));
    CHECK(clock.goes_on({1070, 0}));
}

TEST_CASE("clock watch: exactly as far back as is allowed is allowed", "[policy][triggers]") {
    ClockWatch clock;
    clock.take(1000);
    CHECK_FALSE(clock.goes_on({970, 0}));
    CHECK(clock.went_back({970, 0}, {{"bot", 30}}).empty());
    CHECK_FALSE(clock.goes_on({969, 0}));
    CHECK(clock.went_back({969, 0}, {{"bot", 30}}).size() == 1);
}

TEST_CASE("clock watch: many small steps are one big one", "[policy][triggers]") {
    ClockWatch clock;
    clock.take(1000);
    std::int64_t now = 1000;
    std::size_t told = 0;
    for (int i = 0; i < 10; ++i) {
        now -= 5;
        CHECK_FALSE(clock.goes_on({now, 0}));
        if (!clock.went_back({now, 0}, {{"bot", 30}}).empty()) {
            clock.told("bot", {now, 0});
            ++told;
        }
        now += 1;
        CHECK(clock.goes_on({now, 0}));
    }
    CHECK(told == 1);
    // Once it has caught up, nothing is remembered.
    CHECK(clock.goes_on({2000, 0}));
    CHECK_FALSE(clock.goes_on({1980, 0}));
    CHECK(clock.went_back({1980, 0}, {{"bot", 30}}).empty());
}

TEST_CASE("clock watch: time that nobody looked at has passed all the same", "[policy][triggers]") {
    ClockWatch clock;
    clock.take(1000);
    clock.begin({1000, 50});
    CHECK(clock.goes_on({1000, 50}));
    // An hour on, and half an hour back: later than anything that was seen.
    CHECK_FALSE(clock.goes_on({2800, 3650}));
    const auto steps = clock.went_back({2800, 3650}, {{"bot", 1798}, {"patient", 1799}});
    REQUIRE(steps.size() == 1);
    CHECK(steps[0].seconds == 1799);
    // Seconds of two clocks do not end at the same moment: one of them is no step, however often.
    ClockWatch other;
    other.take(1000);
    other.begin({1000, 50});
    for (std::int64_t i = 1; i < 100; ++i) {
        (void)other.goes_on({1000 + i - i % 2, 50 + i});
        CHECK(other.went_back({1000 + i - i % 2, 50 + i}, {{"bot", 0}}).empty());
    }
}

TEST_CASE("clock watch: a restart remembers the furthest, and who was told", "[policy][triggers]") {
    ClockWatch clock;
    clock.take(9000);
    clock.take(1000);
    clock.take_told("bot", 1000);
    clock.take(1100);
    clock.begin({1090, 7});
    CHECK(clock.went_back({1090, 7}, {{"bot", 9}, {"patient", 10}, {"third", 7910}}).size() == 2);
    CHECK(clock.went_back({1090, 7}, {{"bot", 10}}).empty());
    // Whoever is not in force hears of it once it is.
    CHECK_FALSE(clock.went_back({1090, 7}, {{"fourth", 7909}}).empty());
    CHECK(clock.went_back({1090, 7}, {{"fourth", 7910}}).empty());
}

TEST_CASE("clock watch: who has no room is told once more", "[policy][triggers]") {
    ClockWatch clock;
    clock.take(9000);
    clock.take(1000);
    for (std::size_t i = 0; i < max_known_agents; ++i)
        clock.take_told("a" + std::to_string(i), 1000);
    clock.take_told("one-more", 1000);
    clock.begin({1000, 0});
    CHECK(clock.went_back({1000, 0}, {{"a4095", 1}, {"one-more", 1}}).size() == 1);
}

TEST_CASE("heartbeats: without one it has been for ever", "[policy][triggers]") {
    Heartbeats beats;
    beats.begin({1'700'000'000, 50});
    CHECK(beats.age("bot", {1'700'000'000, 50}) >= 1'700'000'000);
    CHECK(beats.last() == 0);
}

TEST_CASE("heartbeats: a restart does not make it younger", "[policy][triggers]") {
    Heartbeats beats;
    beats.take(900);
    beats.take_beat(900);
    beats.take(1000);
    beats.take_beat(1000);
    beats.begin({1060, 7});
    CHECK(beats.age("bot", {1060, 7}) == 60);
    CHECK(beats.age("bot", {1090, 37}) == 90);
    beats.beat({1100, 47});
    CHECK(beats.age("bot", {1101, 48}) == 1);
    CHECK(beats.last() == 1100);
}

TEST_CASE("heartbeats: whoever sets the clock back gains nothing", "[policy][triggers]") {
    Heartbeats beats;
    beats.take(1000);
    beats.take_beat(1000);
    beats.begin({1060, 100});
    CHECK(beats.age("bot", {10, 200}) == 160);
    CHECK(beats.age("bot", {5000, 101}) == 4000);
    beats.beat({10, 200});
    CHECK(beats.age("bot", {10, 230}) == 30);
}

TEST_CASE("heartbeats: nor by a restart: what the ledger saw pass has passed",
          "[policy][triggers]") {
    Heartbeats beats;
    beats.take(9000);
    beats.take_beat(9000);
    beats.take_declared("bot", 9000);
    for (const std::int64_t time : {9060, 1000, 1030})
        beats.take(time);
    beats.begin({1040, 100});
    CHECK(beats.age("other", {1040, 100}) == 100);
    CHECK(beats.age("bot", {1040, 100}) == 100);
    CHECK(beats.age("bot", {1050, 110}) == 110);
    // Only what was set back while nothing was recorded is not known.
    Heartbeats ahead;
    ahead.take(9000);
    ahead.take_beat(9000);
    ahead.begin({1000, 100});
    CHECK(ahead.age("bot", {1000, 100}) == 0);
    CHECK(ahead.age("bot", {1000, 160}) == 60);
}

TEST_CASE("heartbeats: no time in the ledger is too large to be counted", "[policy][triggers]") {
    Heartbeats beats;
    beats.take_beat(0);
    constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
    for (int i = 0; i < 20; ++i) {
        beats.take(largest);
        beats.take(0);
    }
    beats.begin({10, 1});
    CHECK(beats.age("bot", {10, 1}) > std::int64_t{1} << 59);
}

TEST_CASE("heartbeats: who declares an agent is there for it, and for no other",
          "[policy][triggers]") {
    Heartbeats beats;
    beats.take(1000);
    beats.take_beat(1000);
    beats.take(1500);
    beats.take_declared("bot", 1500);
    beats.begin({1600, 0});
    CHECK(beats.age("bot", {1600, 0}) == 100);
    CHECK(beats.age("other", {1600, 0}) == 600);
    beats.beat({1650, 50});
    CHECK(beats.age("bot", {1650, 50}) == 0);
    for (std::size_t i = 1; i < max_known_agents; ++i)
        beats.declared("a" + std::to_string(i), {1700, 100});
    CHECK(beats.age("a4095", {1700, 100}) == 0);
    beats.declared("one-more", {1700, 100});
    CHECK(beats.age("one-more", {1700, 100}) == 50);
    beats.declared("bot", {1700, 100});
    CHECK(beats.age("bot", {1700, 100}) == 0);
}
