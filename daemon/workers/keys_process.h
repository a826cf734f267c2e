// What the programs of both keys workers do alike, whatever keeps their keys.
#ifndef HOLDFAST_DAEMON_WORKERS_KEYS_PROCESS_H
#define HOLDFAST_DAEMON_WORKERS_KEYS_PROCESS_H

#include <chrono>
#include <cstdint>
#include <string>

#include "daemon/workers/keys.h"
#include "holdfast/result.h"

namespace holdfast::daemon {

// What an operator must mend is told to the front's callers for this long before the next attempt;
// what may end by itself for less, so that it is soon noticed when it has.
inline constexpr std::chrono::seconds explain_for{5};
inline constexpr std::chrono::seconds explain_passing_for{1};

// Says it in the log, and to callers unless it is over at any moment; the process's exit status.
int explain(const Error& error);
// Says it to callers for that long in any case.
int explain_to_callers(const Error& error, std::chrono::seconds time);

// Until a link ends, or an answer has that reason.
int serve_keys(KeysWorker& worker, const std::string& fatal_reason);

std::int64_t unix_now();

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_WORKERS_KEYS_PROCESS_H
