// The registry's tables, and how those of an older program become today's.
#ifndef HOLDFAST_DAEMON_STATE_REGISTRY_SCHEMA_H
#define HOLDFAST_DAEMON_STATE_REGISTRY_SCHEMA_H

#include "daemon/state/database.h"

namespace holdfast::daemon {

// 1: keys in a TPM. 2: a key says its backend, algorithm, custody and token.
// 3: an agent has a reason, a rate, its sponsor and environment; the host has a state.
// 4: policy sets.
inline constexpr std::int64_t schema_version = 4;

// Makes the tables of an empty database, or brings old ones up to date: each in one transaction,
// so that what ends in between leaves either. invalid: a newer program's, or no registry at all.
Done prepare_schema(const Database& database);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_REGISTRY_SCHEMA_H
