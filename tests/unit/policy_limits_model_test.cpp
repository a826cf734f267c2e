// Random stories against a model that keeps every event: never over the cap, in any exact window.
#include <algorithm>
#include <map>
#include <random>

#include "policy/limits.h"
#include "tests/support/catch.h"
#include "tests/support/limit_samples.h"

using namespace holdfast;
using namespace holdfast::policy;
using namespace holdfast::tests;

namespace {

struct Event {
    std::int64_t time;
    std::uint64_t amount;
    std::uint64_t sequence;
    bool withheld;
};

// One limit, one agent; time goes on by leaps, back at times, and the daemon starts again at times.
class Story {
  public:
    Story(unsigned seed, Limit limit) : random_(seed), bench_({std::move(limit)}) {}

    void go_on(int steps) {
        for (int step = 0; step < steps; ++step)
            one_step(upto(100));
        CHECK(passed_ > 0);
    }

  private:
    std::uint64_t upto(std::uint64_t top) {
        return std::uniform_int_distribution<std::uint64_t>(0, top)(random_);
    }
    void one_step(std::uint64_t what) {
        const std::int64_t window = bench_.declared[0].window;
        if (what < 25)
            bench_.now += static_cast<std::int64_t>(upto(static_cast<std::uint64_t>(window / 8)));
        if (what == 25)
            bench_.now -= static_cast<std::int64_t>(upto(static_cast<std::uint64_t>(window)));
        if (what == 26) start_again();
        if (what > 26 && what < 32) withhold_one();
        if (what >= 32) sign();
    }
    void sign() {
        const std::uint64_t id = upto(2);
        const std::uint64_t amount = bench_.declared[0].sum.empty() ? 1 : upto(40);
        const Action action = refund(R"({"amount":)" + std::to_string(amount) + R"(,"id":)" +
                                     std::to_string(id) + "}");
        auto outcome = bench_.reserve(action);
        auto* reservation = std::get_if<Reservation>(&outcome);
        if (reservation == nullptr) return;
        ++passed_;
        latest_ = std::max(latest_, bench_.now);
        auto& events = events_[bench_.declared[0].per.empty() ? 0 : id];
        bench_.limits.commit(std::move(*reservation), ++sequence_);
        events.push_back({latest_, amount, sequence_, false});
        records_.push_back({action, bench_.now, sequence_});
        check(events);
    }
    void check(const std::vector<Event>& events) const {
        std::uint64_t sum = 0;
        for (const Event& event : events)
            if (!event.withheld && event.time > latest_ - bench_.declared[0].window)
                sum += event.amount;
        REQUIRE(sum <= bench_.declared[0].cap);
    }
    void withhold_one() {
        auto& events = events_[upto(2)];
        if (events.empty()) return;
        Event& event = events[upto(events.size() - 1)];
        bench_.limits.withheld(event.sequence);
        event.withheld = true;
    }
    // From the ledger alone, as after kill -9.
    void start_again() {
        bench_.limits = Limits({{"bot", bench_.declared}});
        for (const auto& record : records_)
            bench_.limits.take_action({"bot", record.time, record.sequence, {}},
                                      LimitedAction(record.action));
        for (const auto& [key, events] : events_)
            for (const Event& event : events)
                if (event.withheld) bench_.limits.withheld(event.sequence);
    }

    struct Recorded {
        Action action;
        std::int64_t time;
        std::uint64_t sequence;
    };
    std::mt19937 random_;
    LimitBench bench_;
    std::map<std::uint64_t, std::vector<Event>> events_;
    std::vector<Recorded> records_;
    std::int64_t latest_ = 0;
    std::uint64_t sequence_ = 0;
    int passed_ = 0;
};

}  // namespace

TEST_CASE("limits: no random story gets more than the cap in any window", "[policy][limits]") {
    for (unsigned seed = 1; seed <= 12; ++seed) {
        INFO("seed " << seed);
        Story(seed, count_limit("count", 7, 50)).go_on(1000);
        Story(seed, count_limit("each", 3, 1000, "params.id")).go_on(1000);
        Story(seed, sum_limit("sum", "amount", 200, 86400)).go_on(1000);
        Story(seed, sum_limit("sums", "amount", 100, 640, "params.id")).go_on(1000);
    }
}
