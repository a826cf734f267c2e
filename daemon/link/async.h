// Async<T>: what a handler awaits. Nothing here blocks the event loop.
#ifndef HOLDFAST_DAEMON_LINK_ASYNC_H
#define HOLDFAST_DAEMON_LINK_ASYNC_H

#include <boost/asio/awaitable.hpp>

#include "holdfast/result.h"

namespace holdfast::daemon {

template <class T>
using Async = boost::asio::awaitable<Result<T>>;

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LINK_ASYNC_H
