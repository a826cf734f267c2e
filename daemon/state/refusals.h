// Refusals: every refusal is a record, within a budget, so that nobody fills the disk by being
// refused.
#ifndef HOLDFAST_DAEMON_STATE_REFUSALS_H
#define HOLDFAST_DAEMON_STATE_REFUSALS_H

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "core/encode/json.h"
#include "daemon/link/async.h"
#include "daemon/state/ledger.h"

namespace holdfast::daemon {

inline constexpr std::int64_t refusal_window = 3600;       // seconds
inline constexpr std::uint64_t refusals_per_agent = 1024;  // own records a window, then summed
inline constexpr std::uint64_t refusals_per_stranger = 8;  // per uid, likewise
// Uids are cheap (a user namespace maps 65,536 of them), so strangers also share one budget.
inline constexpr std::uint64_t refusals_of_strangers = 256;
inline constexpr std::size_t max_counted_strangers = 1024;  // uids told apart in the sum
inline constexpr std::size_t max_summed_rows = 64;          // rows of a "strangers" record

struct Refusal {
    std::string agent;      // name; empty = a stranger, budgeted by uid
    uid_t uid;              // of the peer
    pid_t pid;              // of the peer; a label, never evidence
    std::string operation;  // "action", "credential", "security_event", "connect" …
    std::string reason;     // stable code: "action_not_allowed"; never text the caller chose
    // What was asked (action, audience …), within the record's own bounds; may be empty. Only kept
    // for agents: strangers get no say in what is stored.
    encode::Json::Object asked;
};

// Event loop only.
class Refusals {
  public:
    using Now = std::function<std::int64_t()>;  // Unix seconds
    Refusals(Ledger& ledger, Now now);

    // Queued by the call itself; await it where the refusal should be durable before it is told. A
    // refusal over budget is counted, and done at once. An error never changes the refusal.
    Async<std::monostate> record(const Refusal& refusal);
    // Seconds until tick() has something to write; none: nothing was only counted.
    std::optional<std::int64_t> sums_due_in() const;
    // Called by a timer then: once the window is over writes what was only counted, as one
    // "strangers" record and one "refused" record with a count per agent, and opens the next
    // window. While the ledger has failed the counts are kept.
    void tick();
    // At an orderly end: the same, whatever the hour.
    void close_window();

  private:
    struct Count {
        std::uint64_t recorded = 0;
        std::uint64_t summed = 0;
    };

    bool within_budget(const Refusal& refusal);
    void sum_strangers();
    void sum_agents();
    encode::Json::Array summed_uids() const;

    Ledger& ledger_;
    Now now_;
    std::int64_t window_start_;
    std::map<std::string, Count> agents_;
    std::map<uid_t, Count> strangers_;
    Count all_strangers_;
    std::map<std::string, std::uint64_t> stranger_reasons_;  // of the summed ones
    bool only_counted_some_ = false;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_REFUSALS_H
