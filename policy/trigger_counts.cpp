#include "policy/trigger_counts.h"

namespace holdfast::policy {

bool TriggerCounts::add(const std::string& agent, Trigger trigger, const Burst& burst,
                        std::int64_t now) {
    const auto [entry, is_new] =
        counts_.try_emplace({agent, trigger}, Count{burst, SlidingWindow(burst.within)});
    Count& count = entry->second;
    if (!is_new && count.burst != burst) count = Count{burst, SlidingWindow(burst.within)};
    count.window.forget_before(now);
    count.window.add(now, 1);
    if (count.window.used(now) < static_cast<std::uint64_t>(burst.count)) return false;
    counts_.erase(entry);
    return true;
}

void TriggerCounts::retain(const std::function<bool(const std::string& agent)>& wanted) {
    std::erase_if(counts_, [&](const auto& entry) { return !wanted(entry.first.first); });
}

}  // namespace holdfast::policy
