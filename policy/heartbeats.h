// Heartbeats: how long ago did an operator last say that somebody is there?
#ifndef HOLDFAST_POLICY_HEARTBEATS_H
#define HOLDFAST_POLICY_HEARTBEATS_H

#include <cstdint>
#include <map>
#include <string>

#include "policy/clocks.h"
#include "policy/known_audiences.h"

namespace holdfast::policy {

// What is older by either clock is older.
class Heartbeats {
  public:
    // ── from the ledger, in its order ──
    // The time of every record, before what else is read from it: what passed from one to the next
    // has passed, also where the clock was set back afterwards.
    void take(std::int64_t time);
    void take_beat(std::int64_t time) { beat_ = {time, passed_}; }
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
    std::int64_t newest_ = 0;  // record
    std::int64_t passed_ = 0;  // the ledger's own steady clock: seconds from record to record
};

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_HEARTBEATS_H
