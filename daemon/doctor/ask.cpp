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

#include "daemon/pidfd.h"
#include "daemon/process.h"
#include "daemon/supervisor_post.h"
#include "daemon/supervisor_spawn.h"
#include "daemon/supervisor_state.h"

namespace holdfast::daemon {
namespace {

using Clock = std::chrono::steady_clock;

Error failed(const std::string& step) {
    return Error(Code::internal, step + ": " + std::generic_category().message(errno));
}

// A program that has said what it found ends by itself, mostly before we look.
constexpr std::chrono::milliseconds ending_time{100};

// A link, when there is a message or its end; a pidfd, when its process has ended.
Result<bool> is_ready(const Descriptor& descriptor, std::chrono::milliseconds within) {
    const auto deadline = Clock::now() + within;
    while (true) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) return false;
        struct pollfd waiting{descriptor.get(), POLLIN, 0};
        const int ready = ::poll(&waiting, 1, static_cast<int>(left.count()));
        if (ready < 0 && errno != EINTR) return failed("poll");
        if (ready > 0) return true;
    }
}

Result<std::string> receive(const Descriptor& link) {
    std::string text(max_description, '\0');
    const ssize_t got = ::recv(link.get(), text.data(), text.size(), MSG_TRUNC);
    if (got < 0 && errno != ECONNRESET) return failed("recv");
    if (got <= 0) return Error(Code::unavailable, "nothing was said");
    if (got > static_cast<ssize_t>(max_description))
        return Error(Code::invalid, "said more than " + std::to_string(max_description) + " bytes");
    text.resize(static_cast<std::size_t>(got));
    return text;
}

Result<std::string> listen(const Descriptor& link, std::chrono::milliseconds within) {
    HOLDFAST_TRY(has_word, is_ready(link, within));
    if (has_word) return receive(link);
    return Error(Code::timeout, "no answer in " + std::to_string(within.count() / 1000) + " s");
}

std::string how_it_ended(const siginfo_t& end) {
    if (end.si_code != CLD_EXITED)
        return "it was ended by signal " + std::to_string(end.si_status) + " (" +
               ::sigdescr_np(end.si_status) + ")";
    return "it ended with exit code " + std::to_string(end.si_status);
}

bool has_ended(const Child& child, std::chrono::milliseconds within) {
    const auto ended = is_ready(child.pidfd, within);
    return ended && *ended;
}

// How it ended, by itself or by us: it has nothing to put in order. unavailable when it does not
// die: a chip that hangs keeps it in the kernel, and it is never waited for.
Result<std::string> end(const Child& child) {
    const bool by_itself = has_ended(child, ending_time);
    if (!by_itself) (void)pidfd_send_signal(child.pidfd.get(), SIGKILL);
    if (!by_itself && !has_ended(child, dying_time))
        return Error(Code::unavailable, "it does not die, given up");
    siginfo_t info{};
    (void)::waitid(P_PIDFD, static_cast<id_t>(child.pidfd.get()), &info, WEXITED | WNOHANG);
    return by_itself ? how_it_ended(info) : "it was ended";
}

Result<std::string> hear(const Child& child, const Descriptor& link,
                         std::chrono::milliseconds within) {
    auto text = listen(link, within);
    const auto ended = end(child);
    if (!text)
        return Error(text.error().code(),
                     text.error().text() + "; " + (ended ? *ended : ended.error().text()));
    if (!ended) return ended.error();
    return text;
}

struct Started {
    Child child;
    Descriptor link;
};
Result<Started> start(const std::string& program, const Settings& settings,
                      const Descriptor& pin_file) {
    const auto accounts = accounts_of(settings);
    if (!accounts) return accounts.error();
    if (accounts->keys && ::geteuid() != 0)
        return Error(Code::denied, "only root can start it as " + settings.user_keys);
    HOLDFAST_TRY(memory, seal_settings(settings));
    HOLDFAST_TRY(link, make_link());
    auto& [ours, theirs] = link;
    // What a module prints is not ours to show; what matters comes over the link.
    const Descriptor silence(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!silence) return failed("/dev/null");
    ChildPlan plan{.program = settings.libexec_dir + "/" + program,
                   .arguments = {"--describe"},
                   .account = accounts->keys,
                   .capabilities = {},
                   .descriptors = {{STDOUT_FILENO, silence.get()},
                                   {STDERR_FILENO, silence.get()},
                                   {supervisor_link, theirs.get()},
                                   {settings_memfd, memory.get()}}};
    if (pin_file) plan.descriptors.emplace_back(pin_descriptor, pin_file.get());
    HOLDFAST_TRY(child, spawn(plan));
    return Started{std::move(child), std::move(ours)};
}

}  // namespace

Result<encode::Json> ask_to_describe(const std::string& program, const Settings& settings,
                                     const Descriptor& pin_file, std::chrono::milliseconds within) {
    HOLDFAST_TRY(started, start(program, settings, pin_file));
    auto text = hear(started.child, started.link, within);
    if (!text) return std::move(text).error().within(program);
    auto described = encode::parse_json(*text, max_description);
    if (!described) return std::move(described).error().within(program);
    return described;
}

}  // namespace holdfast::daemon
