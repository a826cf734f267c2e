// TriggerCounts: how often an agent was refused within its burst's time. In memory only.
#ifndef HOLDFAST_POLICY_TRIGGER_COUNTS_H
#define HOLDFAST_POLICY_TRIGGER_COUNTS_H

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "policy/sliding_window.h"
#include "policy/triggers.h"

namespace holdfast::policy {

class TriggerCounts {
  public:
    // One more. True: that made as many as the burst says, within its time (or a 64th of it, or a
    // second, longer); then it begins at nothing, and so it does when the burst is another one than
    // before. `now` is of a clock that never goes back, in seconds.
    bool add(const std::string& agent, Trigger trigger, const Burst& burst, std::int64_t now);
    // Forgets the others.
    void retain(const std::function<bool(const std::string& agent)>& wanted);
    std::size_t size() const noexcept { return counts_.size(); }

  private:
    struct Count {
        Burst burst;
        SlidingWindow window;
    };
    std::map<std::pair<std::string, Trigger>, Count> counts_;
};

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_TRIGGER_COUNTS_H
