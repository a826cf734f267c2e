// Tombstones: an ended key's, made when it ends, kept, and given to whoever asks.
#ifndef HOLDFAST_DAEMON_HANDLERS_TOMBSTONES_H
#define HOLDFAST_DAEMON_HANDLERS_TOMBSTONES_H

#include <string>

#include "daemon/handlers/services.h"

namespace holdfast::daemon::handlers {

// Compact JWS of core/encode/tombstone.h, signed by the host's CA. The kept one while it still says
// how things stand, else a new one; the kept one too where none can be signed, if it is that key's,
// or where the name has a live key by now. One is kept for each name: that of the key that ended
// last. not_found [unknown_agent, no_tombstone]; unavailable [unsettled] before its
// record is durable, [no_ca] once the host fuse is blown.
Async<std::string> tombstone_of(Services& services, std::string agent);

// The same for an agent that may just have ended, when its fuse and the chip's sessions had their
// turn; beside the reply: what goes wrong is logged, and made up for when somebody asks.
void bury(Services& services, const boost::asio::any_io_executor& executor, std::string agent);

}  // namespace holdfast::daemon::handlers

#endif  // HOLDFAST_DAEMON_HANDLERS_TOMBSTONES_H
