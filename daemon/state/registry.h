// Registry: what was made on this host (keys, states), in SQLite. Agent files say the rest.
#ifndef HOLDFAST_DAEMON_STATE_REGISTRY_H
#define HOLDFAST_DAEMON_STATE_REGISTRY_H

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/custody.h"
#include "holdfast/result.h"

struct sqlite3;

namespace holdfast::daemon {

enum class AgentState : std::uint8_t { active = 1, suspended = 2, revoked = 3, retired = 4 };
std::string_view to_string(AgentState state) noexcept;

struct AgentRow {
    std::string name;
    AgentState state = AgentState::active;
    std::string changed_by;  // principal of the last change of state: "uid:0", "file:vanished"
    std::string pending;     // containment stages not yet durable: "fuse", "ledger fuse", ""
    KeyDescription key;
    Sha256 file_digest{};  // of the agent file it was applied from
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
