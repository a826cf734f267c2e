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
    ReleaseGate(const Containment& containment, std::string agent)
        : containment_(containment), agent_(std::move(agent)) {}

    Done may_send() {
        if (agent_.empty() || seen_ == containment_.epoch()) return done();
        HOLDFAST_CHECK(containment_.allows(agent_));
        seen_ = containment_.epoch();
        return done();
    }

  private:
    const Containment& containment_;
    std::string agent_;
    std::optional<std::uint64_t> seen_;  // the epoch in which it was allowed
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_FRONT_RELEASE_GATE_H
