// Starts the process that becomes the agent: confined, of its own user, and standing before its
// exec.
#ifndef HOLDFAST_DAEMON_LAUNCHER_CHILD_H
#define HOLDFAST_DAEMON_LAUNCHER_CHILD_H

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "daemon/launcher/sandbox.h"
#include "holdfast/descriptor.h"
#include "holdfast/result.h"

namespace holdfast::daemon {

struct ChildOrder {
    std::string program;                   // absolute path in the store
    std::vector<std::string> arguments;    // argv
    std::vector<std::string> environment;  // "NAME=value", all there will be
    int working_directory;                 // O_PATH
    int output;                            // becomes its stdout and stderr
    int cgroup;                            // the group's directory; -1 where there is none
    uid_t uid;                             // and gid; no other groups
    const Sandbox& sandbox;
};

struct WaitingChild {
    pid_t pid = 0;
    Descriptor pidfd;
    Descriptor control;   // "go" in; EOF out when it executed, words when it could not
    Descriptor listener;  // of its exec gate
};

inline constexpr std::chrono::milliseconds child_patience{5000};

// Returns when the child has confined itself. It ends by itself when `control` is closed.
Result<WaitingChild> start_child(const ChildOrder& order);

// After this the child execs, which waits for the gate.
Done send_go(int control);
// What `control` says when it is readable: done for an exec that worked.
Done read_outcome(int control);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LAUNCHER_CHILD_H
