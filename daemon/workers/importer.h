// Importer: answers the one request of its process: import, list, collect or check a store.
#ifndef HOLDFAST_DAEMON_WORKERS_IMPORTER_H
#define HOLDFAST_DAEMON_WORKERS_IMPORTER_H

#include "daemon/link/codec.h"
#include "daemon/link/messages.h"

namespace holdfast::daemon {

// The store must be this process's user's. After it the process is confined: call it once.
Result<Reply> answer_store_request(const Message& request);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_WORKERS_IMPORTER_H
