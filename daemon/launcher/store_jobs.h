// Questions about the store on their way through the launcher: to an importer, and its answer back.
#ifndef HOLDFAST_DAEMON_LAUNCHER_STORE_JOBS_H
#define HOLDFAST_DAEMON_LAUNCHER_STORE_JOBS_H

#include <cstdint>

#include "daemon/link/messages.h"
#include "holdfast/result.h"

namespace holdfast::daemon {

// What the front is told of a job: its number, and the reply as the importer made it, or the Error.
Message store_answer(std::uint64_t job, Result<Message> answer);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LAUNCHER_STORE_JOBS_H
