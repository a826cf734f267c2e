// Agents and their keys as the registry's tables have them.
#ifndef HOLDFAST_DAEMON_STATE_AGENT_ROWS_H
#define HOLDFAST_DAEMON_STATE_AGENT_ROWS_H

#include <map>
#include <string>

#include "daemon/state/database.h"
#include "daemon/state/registry.h"

namespace holdfast::daemon {

using AgentRows = std::map<std::string, AgentRow, std::less<>>;

// invalid: a row that no program of ours wrote; a wrong state is not read as a harmless one.
Result<AgentRows> read_agent_rows(const Database& database);
// With its key and both fuses. In the caller's transaction.
Done write_agent_row(const Database& database, const AgentRow& row);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_AGENT_ROWS_H
