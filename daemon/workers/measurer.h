// MeasurerWorker: looks into another user's process and hands back what it saw, with descriptors.
#ifndef HOLDFAST_DAEMON_WORKERS_MEASURER_H
#define HOLDFAST_DAEMON_WORKERS_MEASURER_H

#include <string>

#include "daemon/link/codec.h"
#include "daemon/link/messages.h"

namespace holdfast::daemon {

struct MeasurerRules {
    bool allow_writable_executables;  // only --dev
    std::string store;                // directory of agents' code, root's
};

// `measure` and `check_view` are the requests it knows. check_view: the payload is the digest of a
// manifest; denied, store_changed, where its view is not what was imported.
Result<Reply> answer_measurer(const Message& request, const MeasurerRules& rules);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_WORKERS_MEASURER_H
