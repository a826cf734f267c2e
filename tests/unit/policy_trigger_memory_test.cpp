// What is counted and remembered for triggers.
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
