// MeasurerWorker: looks into another user's process and hands back what it saw, with descriptors.
#ifndef HOLDFAST_DAEMON_WORKERS_MEASURER_H
#define HOLDFAST_DAEMON_WORKERS_MEASURER_H

#include "daemon/link/codec.h"
#include "daemon/link/messages.h"

namespace holdfast::daemon {

// `measure` is the only request it knows.
Result<Reply> measure_for(const Message& request, bool allow_writable_executables);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_WORKERS_MEASURER_H
