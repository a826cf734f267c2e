// The loop of a worker: one request at a time from the front, until the supervisor's link ends.
#ifndef HOLDFAST_DAEMON_WORKERS_SERVE_H
#define HOLDFAST_DAEMON_WORKERS_SERVE_H

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "daemon/link/codec.h"
#include "daemon/link/messages.h"

namespace holdfast::daemon {

struct Service {
    std::function<Result<Reply>(const Message& request)> handle;
    // After an answer with this reason the process is of no more use: it ends to be started again.
    std::string fatal_reason;
    std::optional<std::chrono::seconds> at_most;  // then ends likewise; none: for ever
    // Once, when nothing was asked for rest_after; then the loop sleeps until somebody asks.
    std::function<void()> rest = [] {};
};

inline constexpr std::chrono::milliseconds rest_after{50};

struct Links {
    int supervisor;
    int front;
};

// The process's exit status: 0 when either link ended, exit_try_later as above, 1 after a message
// that makes no sense. A request whose deadline has passed is answered `timeout`, unhandled.
int serve(const Links& links, const Service& service);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_WORKERS_SERVE_H
