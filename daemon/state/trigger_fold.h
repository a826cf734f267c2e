// TriggerFold: what the ledger says of audiences, clock and heartbeats, for triggers.
#ifndef HOLDFAST_DAEMON_STATE_TRIGGER_FOLD_H
#define HOLDFAST_DAEMON_STATE_TRIGGER_FOLD_H

#include "daemon/state/trigger_memory.h"
#include "ledger/record.h"

namespace holdfast::daemon {

inline constexpr const char* heartbeat_type = "heartbeat";
inline constexpr const char* security_event_type = "security_event";

// A fold over the ledger: given every record in order. What it cannot read it leaves out: an
// audience is novel then, a heartbeat did not come.
class TriggerFold {
  public:
    explicit TriggerFold(TriggerMemory& memory) : memory_(memory) {}
    void take(const ledger::Record& record);

  private:
    void take_action(const ledger::Record& record);
    void take_event(const ledger::Record& record);

    TriggerMemory& memory_;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_TRIGGER_FOLD_H
