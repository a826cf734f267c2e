// The state directory: who owns what in it, and that only one daemon uses it.
#ifndef HOLDFAST_DAEMON_SUPERVISOR_STATE_H
#define HOLDFAST_DAEMON_SUPERVISOR_STATE_H

#include <optional>

#include "daemon/config.h"
#include "daemon/supervisor_spawn.h"
#include "holdfast/descriptor.h"
#include "holdfast/result.h"

namespace holdfast::daemon {

// The accounts of the children; none with --dev.
struct Accounts {
    std::optional<Account> front, keys, measurer;
};
Result<Accounts> accounts_of(const Settings& settings);

// The folder is root's with the sticky bit, writable by the front's group: the front makes its own
// files there but cannot put another folder in the place of keys/, which is the keys worker's,
// 0700. The result is the lock on holdfastd.pid; conflict when another daemon holds it.
Result<Descriptor> prepare_state(const Settings& settings, const Accounts& accounts);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_SUPERVISOR_STATE_H
