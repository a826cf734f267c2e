// Instances: which declared agent is behind a connection, by which code, and is it still that code?
#ifndef HOLDFAST_DAEMON_CALLERS_INSTANCES_H
#define HOLDFAST_DAEMON_CALLERS_INSTANCES_H

#include <functional>
#include <map>
#include <string>

#include "daemon/callers/launched.h"
#include "daemon/callers/peer.h"
#include "daemon/link/measurer.h"
#include "policy/agent_file.h"

namespace holdfast::daemon {

// One connection's proved caller. Lives as long as the connection.
struct Instance {
    std::string agent;  // name
    std::string id;  // random, names this instance in the ledger; the launch's own where launched
    attest::ProcessView view;
    bool pid_reuse_excluded = false;

    bool is_launched() const noexcept { return view.measurement.assurance >= Assurance::launched; }
};

class Instances {
  public:
    // A launched agent's code is not what was launched any more: its session must end.
    using OnChanged = std::function<void(const std::string& instance, const Error& why)>;

    // `agents` is the table of declared agents in force; it and the others outlive this.
    Instances(Measurer& measurer, const std::map<std::string, policy::AgentFile>& agents,
              const Launched& launched, OnChanged on_changed)
        : measurer_(measurer),
          agents_(agents),
          launched_(launched),
          on_changed_(std::move(on_changed)) {}

    // denied with reason "unrecognised_caller" (no agent with this uid), "measurement_mismatch"
    // (uid known, other executable), Launched::behind's or the measurer's own reason. Asks again
    // after measuring whether it is alive and unchanged. unavailable, launcher_unavailable: no
    // launcher has said yet who runs.
    Async<Instance> recognise(const Peer& peer);
    // Is any agent recognised by this uid?
    bool is_declared(uid_t uid) const;
    // Before each use: alive and unchanged (warm check).
    Done still_same(const Peer& peer, const Instance& instance) const;

  private:
    Result<std::string> agent_of(uid_t uid, const Sha256& executable) const;
    Result<Instance> observed(const Peer& peer, attest::ProcessView view) const;
    Async<Instance> recognise_launched(const Peer& peer);
    Done as_launched(const Peer& peer, const Instance& instance) const;

    Measurer& measurer_;
    const std::map<std::string, policy::AgentFile>& agents_;
    const Launched& launched_;
    OnChanged on_changed_;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_CALLERS_INSTANCES_H
