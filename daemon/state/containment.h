// Containment: may this agent act right now? In memory first; the epoch moves with every change.
#ifndef HOLDFAST_DAEMON_STATE_CONTAINMENT_H
#define HOLDFAST_DAEMON_STATE_CONTAINMENT_H

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "daemon/state/registry.h"
#include "holdfast/result.h"

namespace holdfast::daemon {

class Containment {
  public:
    // denied with reason agent_suspended, agent_revoked or agent_retired; unknown agents too.
    Done allows(std::string_view agent) const;
    void set(std::string_view agent, AgentState state);
    AgentState state_of(std::string_view agent) const;
    std::uint64_t epoch() const noexcept { return epoch_; }

  private:
    std::map<std::string, AgentState, std::less<>> states_;
    std::uint64_t epoch_ = 0;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_CONTAINMENT_H
