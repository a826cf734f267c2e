// ClockWatch: did the host's wall clock go back? Times are Unix seconds.
#ifndef HOLDFAST_POLICY_CLOCK_WATCH_H
#define HOLDFAST_POLICY_CLOCK_WATCH_H

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace holdfast::policy {

class ClockWatch {
  public:
    // From the ledger, in its order: what the clock said last, before this start.
    void take(std::int64_t time) { last_ = time; }

    // True: time goes on, and nobody has anything to ask.
    bool goes_on(std::int64_t now);

    struct Step {
        std::string agent;
        std::int64_t seconds;  // by which it went back
    };
    // For when it does not. `allowed`: agents, and by how many seconds it may go back for each. In
    // small steps is no way around: what was seen last counts until the clock is there again, or
    // the agent was told of here.
    std::vector<Step> went_back(std::int64_t now,
                                const std::map<std::string, std::int64_t>& allowed);

  private:
    std::int64_t last_ = 0;
    std::map<std::string, std::int64_t> behind_;  // agents for whom later was seen, and how late
};

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_CLOCK_WATCH_H
