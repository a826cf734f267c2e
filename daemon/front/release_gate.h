// ReleaseGate: asked in the same step as each write, so a containment stops the bytes not yet sent.
#ifndef HOLDFAST_DAEMON_FRONT_RELEASE_GATE_H
#define HOLDFAST_DAEMON_FRONT_RELEASE_GATE_H

#include <optional>
#include <string>

#include "daemon/state/containment.h"

namespace holdfast::daemon {

class ReleaseGate {
  public:
    // An answer of no agent (empty name) is never held back.
    ReleaseGate(Containment& containment, std::string agent, std::string instance)
        : containment_(containment), agent_(std::move(agent)), instance_(std::move(instance)) {}

    Done may_send() {
        if (agent_.empty() || seen_ == containment_.epoch()) return done();
        HOLDFAST_CHECK(containment_.allows(agent_, instance_));
        seen_ = containment_.epoch();
        return done();
    }

    // Its last byte has just left.
    void sent() {
        if (!agent_.empty()) containment_.released(agent_);
    }

  private:
    Containment& containment_;
    std::string agent_, instance_;
    std::optional<std::uint64_t> seen_;  // the epoch in which it was allowed
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_FRONT_RELEASE_GATE_H
