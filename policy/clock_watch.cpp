#include "policy/clock_watch.h"

#include <algorithm>

namespace holdfast::policy {

bool ClockWatch::goes_on(std::int64_t now) {
    if (now < last_) return false;
    last_ = now;
    std::erase_if(behind_, [&](const auto& agent) { return agent.second <= now; });
    return true;
}

std::vector<ClockWatch::Step> ClockWatch::went_back(
    std::int64_t now, const std::map<std::string, std::int64_t>& allowed) {
    std::vector<Step> steps;
    std::map<std::string, std::int64_t> behind;
    for (const auto& [agent, seconds] : allowed) {
        const auto known = behind_.find(agent);
        const std::int64_t seen = known == behind_.end() ? last_ : std::max(known->second, last_);
        if (seen - now > seconds)
            steps.push_back({agent, seen - now});
        else if (seen > now)
            behind[agent] = seen;
    }
    behind_ = std::move(behind);
    last_ = now;
    return steps;
}

}  // namespace holdfast::policy
