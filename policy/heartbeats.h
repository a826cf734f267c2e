// Heartbeats: how long ago did an operator last say that somebody is there?
#ifndef HOLDFAST_POLICY_HEARTBEATS_H
#define HOLDFAST_POLICY_HEARTBEATS_H

#include <cstdint>
#include <map>
#include <string>

#include "policy/known_audiences.h"

namespace holdfast::policy {

// Both in seconds. The wall clock is what the ledger knows, and anybody with root sets it; the
// other one begins with each boot, and nobody sets it. What is older by either is older.
struct Clocks {
    std::int64_t wall = 0;  // Unix
    std::int64_t steady = 0;
};

class Heartbeats {
  public:
    // ── from the ledger, in its order ──
    void take_beat(std::int64_t time) { beat_ = {time, 0}; }
    // An apply created or changed the agent: an operator was there for it. Beyond max_known_agents
    // nobody is remembered, which is as if it had been long ago.
    void take_declared(const std::string& agent, std::int64_t time);
    // The ledger was read: its times go on from here.
    void begin(Clocks now);

    // ── from then on ──
    void beat(Clocks now) { beat_ = now; }
    void declared(const std::string& agent, Clocks now);

    // Seconds since an operator was there for this agent; what lies ahead counts as now.
    std::int64_t age(const std::string& agent, Clocks now) const;
    // Unix seconds of the last one; 0: none.
    std::int64_t last() const noexcept { return beat_.wall; }

  private:
    Clocks beat_;
    std::map<std::string, Clocks> declared_;
};

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_HEARTBEATS_H
