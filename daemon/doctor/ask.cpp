#include "daemon/doctor/ask.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>

#include "daemon/process.h"
#include "daemon/supervisor_spawn.h"
#include "daemon/supervisor_state.h"

namespace holdfast::daemon {
namespace {

using Clock = std::chrono::steady_clock;

Error failed(const std::string& step) {
    return Error(Code::internal, step + ": " + std::generic_category().message(errno));
}

// True when the link has something to read: a message, or the end.
Result<bool> wait_for(const Descriptor& link, Clock::time_point deadline) {
    while (true) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) return false;
        struct pollfd waiting{link.get(), POLLIN, 0};
        const int ready = ::poll(&waiting, 1, static_cast<int>(left.count()));
        if (ready < 0 && errno != EINTR) return failed("poll");
        if (ready > 0) return true;
    }
}

// Empty at the end of the link.
Result<std::string> receive(const Descriptor& link) {
    std::string text(max_description, '\0');
    const ssize_t got = ::recv(link.get(), text.data(), text.size(), MSG_TRUNC);
    if (got < 0 && errno != ECONNRESET) return failed("recv");
    if (got > static_cast<ssize_t>(max_description))
        return Error(Code::invalid, "said more than " + std::to_string(max_description) + " bytes");
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return text;
}

std::string how_it_ended(const siginfo_t& end) {
    if (end.si_code != CLD_EXITED)
        return "it was ended by signal " + std::to_string(end.si_status) + " (" +
               ::sigdescr_np(end.si_status) + ")";
    return "it ended with exit code " + std::to_string(end.si_status);
}

// Killed if it is still there: it has nothing to put in order.
siginfo_t end(const Child& child, bool by_us) {
    if (by_us) (void)::kill(child.pid, SIGKILL);  // not reaped yet: the number is still its own
    siginfo_t info{};
    while (::waitid(P_PIDFD, static_cast<id_t>(child.pidfd.get()), &info, WEXITED) < 0 &&
           errno == EINTR) {
    }
    return info;
}

Result<std::string> hear(const Child& child, const Descriptor& link,
                         std::chrono::milliseconds within) {
    const auto ready = wait_for(link, Clock::now() + within);
    if (!ready || !*ready) {
        (void)end(child, true);
        if (!ready) return ready.error();
        return Error(Code::timeout,
                     "no answer in " + std::to_string(within.count() / 1000) + " s; it was ended");
    }
    auto text = receive(link);
    const bool is_answered = text && !text->empty();
    const siginfo_t info = end(child, is_answered);
    if (text && text->empty()) return Error(Code::unavailable, how_it_ended(info));
    return text;
}

struct Started {
    Child child;
    Descriptor link;
};
Result<Started> start(const std::string& program, const Settings& settings) {
    HOLDFAST_TRY(accounts, accounts_of(settings));
    if (accounts.keys && ::geteuid() != 0)
        return Error(Code::denied, "only root can start it as " + settings.user_keys);
    HOLDFAST_TRY(memory, seal_settings(settings));
    HOLDFAST_TRY(link, make_link());
    auto& [ours, theirs] = link;
    // What a module prints is not ours to show; what matters comes over the link.
    const Descriptor silence(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!silence) return failed("/dev/null");
    const ChildPlan plan{.program = settings.libexec_dir + "/" + program,
                         .arguments = {"--describe"},
                         .account = accounts.keys,
                         .capabilities = {},
                         .descriptors = {{STDOUT_FILENO, silence.get()},
                                         {STDERR_FILENO, silence.get()},
                                         {supervisor_link, theirs.get()},
                                         {settings_memfd, memory.get()}}};
    HOLDFAST_TRY(child, spawn(plan));
    return Started{std::move(child), std::move(ours)};
}

}  // namespace

Result<encode::Json> ask_to_describe(const std::string& program, const Settings& settings,
                                     std::chrono::milliseconds within) {
    HOLDFAST_TRY(started, start(program, settings));
    auto text = hear(started.child, started.link, within);
    if (!text) return std::move(text).error().within(program);
    auto described = encode::parse_json(*text, max_description);
    if (!described) return std::move(described).error().within(program);
    return described;
}

}  // namespace holdfast::daemon
