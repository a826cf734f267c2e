// Listener: accepts on one socket, and decides at once whether there is room for the caller.
#ifndef HOLDFAST_DAEMON_FRONT_LISTENER_H
#define HOLDFAST_DAEMON_FRONT_LISTENER_H

#include <boost/asio/any_io_executor.hpp>

#include "daemon/front/front.h"
#include "holdfast/descriptor.h"

namespace holdfast::daemon {

// Descriptors that agents' connections leave free: for admin connections, the registry, the
// ledger, and one message of each link (a measurement brings up to 201).
inline constexpr std::size_t reserved_descriptors = 1024;

// Raises RLIMIT_NOFILE to the hard limit; the number agents' sockets must stay below.
Result<std::size_t> raise_descriptor_limit();

// Takes over a listening Unix stream socket and serves it until the executor's context ends.
Done listen_on(const boost::asio::any_io_executor& executor, Front& front, Descriptor socket,
               Side side);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_FRONT_LISTENER_H
