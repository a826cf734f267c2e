#include "daemon/workers/serve.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <utility>

#include "daemon/log.h"
#include "daemon/process.h"

namespace holdfast::daemon {
namespace {

using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC, as the messages' deadlines

bool is_past(std::uint64_t deadline_ns) {
    const auto now =
        std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch());
    return deadline_ns != 0 && static_cast<std::uint64_t>(now.count()) > deadline_ns;
}

// For poll: -1 is for ever.
int patience(const std::optional<Clock::time_point>& until, bool is_tired) {
    const auto for_ever = Clock::duration::max();
    auto left = until ? *until - Clock::now() : for_ever;
    if (is_tired) left = std::min<Clock::duration>(left, rest_after);
    if (left == for_ever) return -1;
    const auto count = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    return static_cast<int>(std::max<decltype(count)>(count, 0));
}

Result<Reply> answer_to(const Message& request, const Service& service) {
    if (is_past(request.deadline_ns))
        return Error(Code::timeout, "its deadline had passed before its turn", Retry::later);
    return service.handle(request);
}

// An exit status when this was the last request.
std::optional<int> serve_one(int front, const Service& service) {
    auto request = receive_message(front);
    if (!request && request.error().code() == Code::not_found) return 0;
    if (!request) {
        log_error(request.error().text());
        return 1;
    }
    auto answer = answer_to(*request, service);
    bool fatal = false;
    if (!answer) {
        fatal = !service.fatal_reason.empty() && answer.error().reason() == service.fatal_reason;
        if (fatal) log_error(answer.error().text());
    }
    const auto sent = send_message(front, encode_reply(*request, std::move(answer)));
    if (!sent) return 0;  // the front is gone, and takes its workers with it
    return fatal ? std::optional<int>(exit_try_later) : std::nullopt;
}

}  // namespace

int serve(const Links& links, const Service& service) {
    std::optional<Clock::time_point> until;
    if (service.at_most) until = Clock::now() + *service.at_most;
    for (bool is_tired = false;;) {
        std::array<pollfd, 2> watched{pollfd{links.supervisor, POLLIN, 0},
                                      pollfd{links.front, POLLIN, 0}};
        const int ready = ::poll(watched.data(), watched.size(), patience(until, is_tired));
        // The supervisor never writes to a worker: anything on that link is its end.
        if (watched[0].revents != 0) return 0;
        if (until && Clock::now() >= *until) return exit_try_later;
        if (ready == 0 && std::exchange(is_tired, false)) service.rest();
        if (ready <= 0 || watched[1].revents == 0) continue;
        if (const auto status = serve_one(links.front, service)) return *status;
        is_tired = true;
    }
}

}  // namespace holdfast::daemon
