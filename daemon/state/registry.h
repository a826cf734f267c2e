// Registry: what was made on this host (keys, states), in SQLite. Agent files say the rest.
#ifndef HOLDFAST_DAEMON_STATE_REGISTRY_H
#define HOLDFAST_DAEMON_STATE_REGISTRY_H

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/state/agent_state.h"
#include "daemon/state/policy_rows.h"
#include "holdfast/custody.h"
#include "holdfast/result.h"

struct sqlite3;

namespace holdfast::daemon {

struct AgentRow {
    std::string name;
    AgentState state = AgentState::active;
    std::string changed_by;  // principal of the last change of state: "uid:0", "file:vanished"
    std::string pending;     // containment stages not yet durable: "fuse", "ledger fuse", ""
    KeyDescription key;
    Sha256 file_digest{};   // of the agent file it was applied from
    std::string reason;     // what the operator said of that change, or ""
    std::int64_t rate = 0;  // throttled: actions a minute; else without meaning
    // What its file said when it was last in force, so that a scope also finds it without one.
    std::string sponsor, environment;
    // Suspended because its file vanished: what it is again when the file is back, and by whom.
    AgentState returns_to = AgentState::active;
    std::string returns_by;
};

// The host as a whole, above every agent.
struct HostRow {
    AgentState state = AgentState::active;    // active, suspended, or revoked: its fuse is blown
    std::string changed_by, reason, pending;  // as in AgentRow
};

// One writer, WAL, synchronous=FULL. All rows are kept in memory; writes go through before they
// are seen. Blocking but small; the front calls it for admin verbs only, never while signing.
class Registry {
  public:
    static Result<Registry> open(const std::string& path);
    Registry(Registry&&) noexcept;
    Registry& operator=(Registry&&) noexcept;
    Registry(const Registry&) = delete;
    Registry& operator=(const Registry&) = delete;
    ~Registry();

    const AgentRow* find(std::string_view name) const;  // null when unknown; valid until put
    const std::map<std::string, AgentRow, std::less<>>& rows() const;
    Done put(const AgentRow& row);
    // What an apply declares: all of it or nothing. As put() and write_policy_rows().
    Done put_declared(const std::vector<AgentRow>& agents, const PolicyRows& policies);
    const HostRow& host() const;
    // conflict: it is revoked, and nothing undoes that.
    Done put_host(const HostRow& row);
    // Also of sets whose files are gone: their versions count on.
    const PolicyRows& policies() const;
    // All of them or none. As write_policy_rows().
    Done put_policies(const PolicyRows& rows);

    // Small named facts: the pinned SRK name, the CA serial …
    std::optional<std::string> note(std::string_view name) const;
    Done set_note(std::string_view name, std::string_view value);

  private:
    struct State;
    explicit Registry(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_REGISTRY_H
