// Describing: a worker's program started with --describe says what chip or token it would use, over
// descriptor 3 in one message, and ends. It changes nothing there and logs in nowhere.
#ifndef HOLDFAST_DAEMON_WORKERS_DESCRIBE_H
#define HOLDFAST_DAEMON_WORKERS_DESCRIBE_H

#include "core/encode/json.h"
#include "holdfast/result.h"

namespace holdfast::daemon {

bool is_asked_to_describe(int argc, char** argv);

// Sends what was found, or {"error"}; the exit code.
int tell(const Result<encode::Json::Object>& found);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_WORKERS_DESCRIBE_H
