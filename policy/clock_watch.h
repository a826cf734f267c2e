// ClockWatch: did the host's wall clock go back? Times are Unix seconds.
#ifndef HOLDFAST_POLICY_CLOCK_WATCH_H
#define HOLDFAST_POLICY_CLOCK_WATCH_H

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "policy/clocks.h"

namespace holdfast::policy {

// The wall clock is compared with the furthest it ever was, and what has passed since then by the
// clock that nobody sets. So small steps add up, and a step is one whenever it is looked at. Each
// agent is told of it by itself: who was not there yet, or is stopped, hears of it later.
class ClockWatch {
  public:
    // ── from the ledger, in its order ──
    void take(std::int64_t time);
    // For this agent time goes on from here: it was told, or did not exist before. Beyond
    // max_known_agents nobody is remembered: they are told once more.
    void take_told(const std::string& agent, std::int64_t time) { told(agent, {time, 0}); }
    // The ledger was read: its times go on from here.
    void begin(Clocks now);

    // ── from then on ──
    // True: not further back than when this was asked last. Call it often: what it never saw, it
    // cannot miss.
    bool goes_on(Clocks now);
    struct Step {
        std::string agent;
        std::int64_t seconds;  // by which it went back, or one less
    };
    // `allowed`: agents, and by how many seconds it may go back for each. After goes_on(now).
    std::vector<Step> went_back(Clocks now,
                                const std::map<std::string, std::int64_t>& allowed) const;
    void told(const std::string& agent, Clocks now);

  private:
    Clocks furthest_;
    std::map<std::string, Clocks> told_;  // the same of agents for whom it is another moment
    std::int64_t last_ = 0;               // by how much the wall clock was ahead of the other one
};

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_CLOCK_WATCH_H
