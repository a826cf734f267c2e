// PolicyRow: what the registry keeps of a policy set: its text, so that start needs no file, and
// its version, so that no older one comes back.
#ifndef HOLDFAST_DAEMON_STATE_POLICY_ROWS_H
#define HOLDFAST_DAEMON_STATE_POLICY_ROWS_H

#include <cstdint>
#include <map>
#include <string>

#include "daemon/state/database.h"

namespace holdfast::daemon {

struct PolicyRow {
    std::string name;  // of the set
    std::int64_t version = 0;
    std::string text;
    std::string signature;  // armored SSHSIG; empty: none
};
using PolicyRows = std::map<std::string, PolicyRow, std::less<>>;

// invalid: a row that no program of ours wrote.
Result<PolicyRows> read_policy_rows(const Database& database);
// The caller holds a transaction: all of them or none. conflict, policy_older: the version of one
// of them would go back.
Done write_policy_rows(const Database& database, const PolicyRows& known, const PolicyRows& rows);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_POLICY_ROWS_H
