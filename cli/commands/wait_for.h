// Waiting for a process that is not our child, and hearing SIGTERM meanwhile.
#ifndef HOLDFAST_CLI_COMMANDS_WAIT_FOR_H
#define HOLDFAST_CLI_COMMANDS_WAIT_FOR_H

#include <sys/types.h>

#include <functional>

#include "holdfast/result.h"

namespace holdfast::cli {

// Returns when it has ended (also when it had already). `stop` is called for SIGTERM and SIGINT.
Done wait_for_process(pid_t pid, const std::function<void()>& stop);

}  // namespace holdfast::cli

#endif  // HOLDFAST_CLI_COMMANDS_WAIT_FOR_H
