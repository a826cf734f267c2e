// Starts one child process: its descriptors, its user, its capabilities, nothing else inherited.
#ifndef HOLDFAST_DAEMON_SUPERVISOR_SPAWN_H
#define HOLDFAST_DAEMON_SUPERVISOR_SPAWN_H

#include <sys/capability.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/accounts.h"
#include "holdfast/descriptor.h"
#include "holdfast/result.h"

namespace holdfast::daemon {

struct ChildPlan {
    std::string program;                           // absolute path
    std::vector<std::string> arguments;            // after the program's name
    std::optional<Account> account;                // none: stay who we are (--dev)
    std::vector<cap_value_t> capabilities;         // kept across the change of user, as ambient;
                                                   // root keeps these and no more
    std::vector<std::pair<int, int>> descriptors;  // number in the child, number here
};

struct Child {
    pid_t pid = 0;
    Descriptor pidfd;
};
Result<Child> spawn(const ChildPlan& plan);

// SEQPACKET, close-on-exec; the first end stays with us and does not block.
Result<std::pair<Descriptor, Descriptor>> make_link();

// Those of `wanted` this process may hand on.
std::vector<cap_value_t> permitted(const std::vector<cap_value_t>& wanted);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_SUPERVISOR_SPAWN_H
