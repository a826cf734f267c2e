#include "policy/clock_watch.h"

#include <algorithm>

#include "policy/known_audiences.h"

namespace holdfast::policy {
namespace {

// The same as long as nobody sets the wall clock, give or take one: whole seconds of two clocks do
// not end at the same moment.
std::int64_t lead(Clocks moment) {
    return moment.wall - moment.steady;
}

// Certainly.
std::int64_t steps_back(Clocks then, Clocks now) {
    return lead(then) - lead(now) - (now.steady == then.steady ? 0 : 1);
}

}  // namespace

void ClockWatch::take(std::int64_t time) {
    (void)goes_on({time, 0});
}

void ClockWatch::begin(Clocks now) {
    furthest_.steady = now.steady;
    for (auto& [agent, then] : told_)
        then.steady = now.steady;
    last_ = lead(now);
}

bool ClockWatch::goes_on(Clocks now) {
    const bool further_back = lead(now) < last_;
    last_ = lead(now);
    if (lead(now) >= lead(furthest_)) {
        furthest_ = now;
        told_.clear();
        return true;
    }
    for (auto& [agent, then] : told_)
        if (lead(now) > lead(then)) then = now;
    return !further_back;
}

std::vector<ClockWatch::Step> ClockWatch::went_back(
    Clocks now, const std::map<std::string, std::int64_t>& allowed) const {
    std::vector<Step> steps;
    for (const auto& [agent, seconds] : allowed) {
        const auto known = told_.find(agent);
        const std::int64_t back = steps_back(known == told_.end() ? furthest_ : known->second, now);
        if (back > seconds) steps.push_back({agent, back});
    }
    return steps;
}

void ClockWatch::told(const std::string& agent, Clocks now) {
    if (lead(now) >= lead(furthest_)) return;
    if (told_.size() < max_known_agents || told_.contains(agent)) told_[agent] = now;
}

}  // namespace holdfast::policy
