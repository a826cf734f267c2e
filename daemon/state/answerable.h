// Answerable: who answered for what a record of the ledger says, as declared when it was written.
#ifndef HOLDFAST_DAEMON_STATE_ANSWERABLE_H
#define HOLDFAST_DAEMON_STATE_ANSWERABLE_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/evidence.h"
#include "holdfast/result.h"

namespace holdfast::daemon {

struct Answerable {
    std::uint64_t sequence = 0;  // of the record that was asked for
    std::string type;
    std::int64_t time = 0;  // Unix seconds
    std::string agent;      // name
    // Of the agent's last "agent" record up to there.
    std::uint64_t declared = 0;
    std::string sponsor, owner, policy_author;
    std::vector<std::string> can_stop;
    std::vector<std::string> approved_by;  // of an action: whose approvals it has
    std::string stopped_by;                // of a containment: its principal
};

// Blocking: reads the whole ledger as it lies on disk, which must continue `known`, the durable
// head when it was asked for. An approval's later records and a withheld one are of the agent of
// what they refer to. not_found: no_agent (of the host as a whole, say), undeclared (no "agent"
// record before it), unknown_record.
Result<Answerable> who_answers(const std::string& directory, const LedgerHead& known,
                               std::uint64_t sequence);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_ANSWERABLE_H
