// LastStates: what the ledger said last of agents, the host, policy sets and operators. A registry
// that says less is one of before.
#ifndef HOLDFAST_DAEMON_STATE_LAST_STATES_H
#define HOLDFAST_DAEMON_STATE_LAST_STATES_H

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "daemon/state/agent_state.h"
#include "ledger/record.h"

namespace holdfast::daemon {

struct LastStop {
    AgentState state = AgentState::active;
    std::int64_t rate = 0;  // throttled: actions a minute; 0: the record says none
    std::string by, reason;
};

struct LastPolicySet {
    std::int64_t version = 0;
    std::string text_sha256;  // hex; "": the record says none
    bool is_gone = false;     // its file may be, too
};

struct LastDeclared {
    std::string key_id;       // "": the record says none
    std::string file_sha256;  // hex, or ""
};

// A fold over the ledger. Event loop only.
class LastStates {
  public:
    using Declared = std::map<std::string, LastDeclared, std::less<>>;     // by the agent's name
    using PolicySets = std::map<std::string, LastPolicySet, std::less<>>;  // by name

    // invalid: an "agent", "containment", "policy" or "operators" record that nothing of ours
    // wrote.
    Done take(const ledger::Record& record);

    const LastStop* of_key(std::string_view key_id) const;  // null: it was never stopped
    const LastStop& host() const noexcept { return host_; }
    const Declared& declared() const noexcept { return declared_; }
    const PolicySets& policies() const noexcept { return policies_; }
    const std::string& operators_sha256() const noexcept { return operators_; }  // "": no record

  private:
    struct Stops {
        LastStop now, before;  // `before` its file vanished
    };
    Done take_agent(const ledger::Record& record);
    Done take_containment(const ledger::Record& record);
    Done take_policy(const ledger::Record& record);

    std::map<std::string, Stops, std::less<>> stops_;  // by key id
    LastStop host_;
    Declared declared_;
    PolicySets policies_;
    std::string operators_;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_LAST_STATES_H
