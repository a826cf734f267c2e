#include "policy/heartbeats.h"

#include <algorithm>

namespace holdfast::policy {
namespace {

// Far beyond any age, and far from where a sum of two would overflow.
constexpr std::int64_t longest = std::int64_t{1} << 60;

std::int64_t time_between(std::int64_t earlier, std::int64_t later) {
    return std::clamp<std::int64_t>(later - earlier, 0, longest);
}

std::int64_t age_of(Clocks then, Clocks now) {
    return std::max<std::int64_t>({now.wall - then.wall, now.steady - then.steady, 0});
}

}  // namespace

void Heartbeats::take(std::int64_t time) {
    passed_ = std::min(passed_ + time_between(newest_, time), longest);
    newest_ = time;
}

void Heartbeats::take_declared(const std::string& agent, std::int64_t time) {
    declared(agent, {time, passed_});
}

void Heartbeats::begin(Clocks now) {
    take(now.wall);
    const Clocks by_ledger{now.wall, passed_};
    // Where this boot's clock would have been, had it run.
    const auto move = [&](Clocks& then) { then.steady = now.steady - age_of(then, by_ledger); };
    move(beat_);
    for (auto& [agent, then] : declared_)
        move(then);
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
