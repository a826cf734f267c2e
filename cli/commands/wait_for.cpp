#include "cli/commands/wait_for.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

#include "holdfast/descriptor.h"

namespace holdfast::cli {
namespace {

Error failed(const char* step) {
    return Error(Code::internal, std::string(step) + ": " + std::generic_category().message(errno));
}

}  // namespace

Done wait_for_process(pid_t pid, const std::function<void()>& stop) {
    sigset_t asked;
    ::sigemptyset(&asked);
    ::sigaddset(&asked, SIGTERM);
    ::sigaddset(&asked, SIGINT);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): this program has one thread.
    if (::sigprocmask(SIG_BLOCK, &asked, nullptr) != 0) return failed("sigprocmask");
    const Descriptor signals(::signalfd(-1, &asked, SFD_CLOEXEC));
    if (!signals) return failed("signalfd");
    const Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U)));
    if (!process && errno == ESRCH) return done();
    if (!process) return failed("pidfd_open");
    for (;;) {
        std::array<pollfd, 2> watched{pollfd{process.get(), POLLIN, 0},
                                      pollfd{signals.get(), POLLIN, 0}};
        if (::poll(watched.data(), watched.size(), -1) < 0) continue;
        if (watched[0].revents != 0) return done();
        signalfd_siginfo taken{};
        if (::read(signals.get(), &taken, sizeof taken) > 0) stop();
    }
}

}  // namespace holdfast::cli
