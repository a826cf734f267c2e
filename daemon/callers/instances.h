// Instances: which declared agent is behind a connection, by which code, and is it still that code?
#ifndef HOLDFAST_DAEMON_CALLERS_INSTANCES_H
#define HOLDFAST_DAEMON_CALLERS_INSTANCES_H

#include <map>
#include <string>

#include "daemon/callers/peer.h"
#include "daemon/link/measurer.h"
#include "policy/agent_file.h"

namespace holdfast::daemon {

// One connection's proved caller. Lives as long as the connection.
struct Instance {
    std::string agent;  // name
    std::string id;     // random, names this instance in the ledger
    attest::ProcessView view;
    bool pid_reuse_excluded = false;
};

class Instances {
  public:
    // `agents` is the table of declared agents in force; it outlives this.
    Instances(Measurer& measurer, const std::map<std::string, policy::AgentFile>& agents)
        : measurer_(measurer), agents_(agents) {}

    // denied with reason "unrecognised_caller" (no agent with this uid), "measurement_mismatch"
    // (uid known, other executable) or the measurer's own reason. Asks again after measuring
    // whether it is alive and unchanged.
    Async<Instance> recognise(const Peer& peer);
    // Is any agent recognised by this uid?
    bool is_declared(uid_t uid) const;
    // Before each use: alive and unchanged (warm check).
    Done still_same(const Peer& peer, const Instance& instance) const;

  private:
    Result<std::string> agent_of(uid_t uid, const Sha256& executable) const;

    Measurer& measurer_;
    const std::map<std::string, policy::AgentFile>& agents_;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_CALLERS_INSTANCES_H
