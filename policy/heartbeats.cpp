#include "policy/heartbeats.h"

#include <algorithm>

namespace holdfast::policy {
namespace {

// Where the other clock would have been, had it run.
Clocks moved(Clocks then, Clocks now) {
    const std::int64_t age = std::max<std::int64_t>(now.wall - then.wall, 0);
    return {then.wall, now.steady - age};
}

std::int64_t age_of(Clocks then, Clocks now) {
    return std::max<std::int64_t>({now.wall - then.wall, now.steady - then.steady, 0});
}

}  // namespace

void Heartbeats::take_declared(const std::string& agent, std::int64_t time) {
    declared(agent, {time, 0});
}

void Heartbeats::begin(Clocks now) {
    beat_ = moved(beat_, now);
    for (auto& [agent, then] : declared_)
        then = moved(then, now);
}

void Heartbeats::declared(const std::string& agent, Clocks now) {
    if (declared_.size() < max_known_agents || declared_.contains(agent)) declared_[agent] = now;
}

std::int64_t Heartbeats::age(const std::string& agent, Clocks now) const {
    const std::int64_t since_beat = age_of(beat_, now);
    const auto known = declared_.find(agent);
    return known == declared_.end() ? since_beat : std::min(since_beat, age_of(known->second, now));
}

}  // namespace holdfast::policy
