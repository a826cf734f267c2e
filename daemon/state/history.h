// History: what the ledger's records say that is asked for again: which credentials are still good,
// where an agent was last declared, how each key was last stopped.
#ifndef HOLDFAST_DAEMON_STATE_HISTORY_H
#define HOLDFAST_DAEMON_STATE_HISTORY_H

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/state/last_states.h"
#include "holdfast/result.h"
#include "ledger/record.h"

namespace holdfast::daemon {

// A certificate stands on one list more than it would have to (RFC 5280 §3.3).
inline constexpr std::int64_t kept_after_end = 3600;  // seconds

struct IssuedCertificate {
    std::string agent;  // name
    std::string key_id;
    std::string serial;     // hex
    std::int64_t ends = 0;  // Unix seconds
};

// The last containment record of a key, or the one that ended it: what comes after that is about
// its name.
struct StopRecord {
    std::uint64_t sequence;
    std::int64_t time;  // Unix seconds
    std::string state;  // that of AgentState
    std::string by;
    std::string reason;  // or ""
    bool has_ended() const noexcept;
};

// A fold over the ledger: given every record in order, those of before at start, and each new one
// when it is durable. So it is the same after a restart. Event loop only.
class History {
  public:
    // invalid: a "credential", or one of LastStates, that nothing of ours wrote.
    Done take(const ledger::Record& record);

    // Those that end after `now` − kept_after_end; older ones are forgotten by take().
    std::vector<IssuedCertificate> issued(std::int64_t now) const;
    const StopRecord* stop_of(std::string_view key_id) const;  // null: it was never stopped
    // The sequence of the agent's last "agent" record: who answered for it from there on.
    std::optional<std::uint64_t> declared(std::string_view agent) const;
    const LastStates& last() const noexcept { return last_; }

  private:
    Done take_credential(const ledger::Record& record);
    Done take_containment(const ledger::Record& record);

    std::multimap<std::int64_t, IssuedCertificate> issued_;  // by their end
    std::map<std::string, StopRecord, std::less<>> stops_;   // by key id
    std::map<std::string, std::uint64_t, std::less<>> declared_;
    LastStates last_;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_HISTORY_H
