#include "daemon/supervisor_kept.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "daemon/link/kept.h"
#include "daemon/pidfd.h"

namespace holdfast::daemon {
namespace {

using Clock = std::chrono::steady_clock;

// Six for each instance, as often again in messages under way, and our own.
constexpr rlim_t open_files = 16UL * max_instances;

// A few hundred messages may not fit the socket's buffer at once.
Done send_patiently(int link, const Message& message, Clock::time_point until) {
    for (;;) {
        auto sent = send_message(link, message);
        if (sent || sent.error().code() != Code::busy) return sent;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
        if (left.count() <= 0) return sent;
        pollfd one{link, POLLOUT, 0};
        (void)::poll(&one, 1, static_cast<int>(left.count()));
    }
}

void kill_members(int cgroup) {
    const Descriptor file(::openat(cgroup, "cgroup.kill", O_WRONLY | O_CLOEXEC));
    if (!file) return;
    // What it does not reach is killed by its leader's pidfd at least.
    [[maybe_unused]] const ssize_t put = ::write(file.get(), "1", 1);
}

}  // namespace

void allow_kept_descriptors() {
    struct rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= open_files) return;
    limit.rlim_cur = std::min(limit.rlim_max, open_files);
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

Done KeptInstances::take(Message message) {
    if (message.operation == Operation::forget_instance) {
        HOLDFAST_TRY(instance, decode_forget(message.payload));
        kept_.erase(instance);
        return done();
    }
    if (message.operation != Operation::keep_instance)
        return Error(Code::invalid, "launcher: unexpected message");
    HOLDFAST_TRY(kept, decode_kept(std::move(message)));
    const std::string instance = kept.facts.instance;
    if (!kept_.contains(instance) && kept_.size() >= max_instances)
        return Error(Code::invalid, "launcher: more instances than there may be");
    HOLDFAST_TRY(copy, encode_kept(kept));
    kept_.insert_or_assign(instance, std::move(copy));
    return done();
}

Done KeptInstances::hand_over(int link) const {
    const auto until = Clock::now() + hand_over_time;
    for (const auto& [instance, message] : kept_)
        HOLDFAST_CHECK(send_patiently(link, message, until));
    Message all;
    all.operation = Operation::kept_all;
    return send_patiently(link, all, until);
}

void KeptInstances::kill_all() {
    for (auto& [instance, message] : kept_) {
        const auto kept = decode_kept(std::move(message));
        if (!kept) continue;
        if (kept->cgroup) kill_members(kept->cgroup.get());
        (void)pidfd_send_signal(kept->facts.pidfd.get(), SIGKILL);
    }
    kept_.clear();
}

}  // namespace holdfast::daemon
