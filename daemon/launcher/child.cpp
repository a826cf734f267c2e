#include "daemon/launcher/child.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

#include "daemon/link/messages.h"
#include "daemon/pidfd.h"

namespace holdfast::daemon {
namespace {

constexpr int exit_not_started = 127;  // as shells say it
constexpr int control_number = 3;      // above it nothing is open when the agent starts
constexpr rlim_t open_files_soft = 1024;
constexpr rlim_t open_files_hard = 65536;
constexpr std::size_t max_words = 1024;
constexpr char go = 'g';

Error failed(const std::string& step) {
    return Error(Code::unavailable, step + ": " + std::generic_category().message(errno));
}

// ── in the child ────────────────────────────────────────────────────────────────────────────────

// 0, 1, 2 and the control socket; all the rest is closed at the exec.
Done place_descriptors(const ChildOrder& order, int control) {
    const Descriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!nothing) return failed("/dev/null");
    if (::dup2(nothing.get(), STDIN_FILENO) < 0 || ::dup2(order.output, STDOUT_FILENO) < 0 ||
        ::dup2(order.output, STDERR_FILENO) < 0)
        return failed("dup2");
    if (::close_range(control_number, ~0U, CLOSE_RANGE_CLOEXEC) != 0) return failed("close_range");
    if (::fcntl(control, F_SETFD, FD_CLOEXEC) != 0) return failed("F_SETFD");
    return done();
}

Done join_cgroup(int directory) {
    if (directory < 0) return done();
    const Descriptor members(::openat(directory, "cgroup.procs", O_WRONLY | O_CLOEXEC));
    if (!members || ::write(members.get(), "0", 1) != 1) return failed("cgroup.procs");
    return done();
}

Done set_limits() {
    const struct rlimit none{0, 0};
    const struct rlimit files{open_files_soft, open_files_hard};
    if (::setrlimit(RLIMIT_CORE, &none) != 0) return failed("RLIMIT_CORE");
    // A lower hard limit of our own stays as it is.
    struct rlimit own{};
    if (::getrlimit(RLIMIT_NOFILE, &own) == 0 && own.rlim_max >= files.rlim_max &&
        ::setrlimit(RLIMIT_NOFILE, &files) != 0)
        return failed("RLIMIT_NOFILE");
    return done();
}

Done reset_signals() {
    sigset_t none;
    ::sigemptyset(&none);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread, a child just forked
    if (::sigprocmask(SIG_SETMASK, &none, nullptr) != 0) return failed("sigprocmask");
    (void)std::signal(SIGPIPE, SIG_DFL);
    return done();
}

// The change of user leaves the inheritable ones.
Done drop_capabilities() {
    const std::unique_ptr<std::remove_pointer_t<cap_t>, int (*)(void*)> none(::cap_init(),
                                                                             &::cap_free);
    if (!none || ::cap_set_proc(none.get()) != 0) return failed("cap_set_proc");
    return done();
}

// Before the exec: a process that executes with capabilities would be dumpable whatever its
// file's mode says. From the change of user on nobody of that uid may trace it.
Done become(uid_t uid) {
    for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
        (void)::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    if (::setgroups(0, nullptr) != 0) return failed("setgroups");
    if (::setresgid(uid, uid, uid) != 0) return failed("setresgid");
    if (::setresuid(uid, uid, uid) != 0) return failed("setresuid");
    if (::setuid(0) == 0 || ::setgid(0) == 0)
        return Error(Code::internal, "the change of user can be undone");
    HOLDFAST_CHECK(drop_capabilities());
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("PR_SET_NO_NEW_PRIVS");
    return done();
}

// The group needs root; the sandbox comes last, since it refuses what the steps before it need.
Result<Descriptor> prepare(const ChildOrder& order, int control) {
    HOLDFAST_CHECK(reset_signals());
    if (::setsid() < 0) return failed("setsid");
    HOLDFAST_CHECK(join_cgroup(order.cgroup));
    HOLDFAST_CHECK(set_limits());
    if (::fchdir(order.working_directory) != 0) return failed("working directory");
    HOLDFAST_CHECK(place_descriptors(order, control));
    HOLDFAST_CHECK(become(order.uid));
    return order.sandbox.enter();
}

Message words(const Error& error) {
    Message message;
    message.payload = bytes_of(view_of(error.text().substr(0, max_words)));
    return message;
}

[[noreturn]] void give_up(int control, const Error& error) {
    (void)send_message(control, words(error));
    ::_exit(exit_not_started);
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (auto& text : texts)
        pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

[[noreturn]] void run_child(const ChildOrder& order, int control) {
    auto listener = prepare(order, control);
    if (!listener) give_up(control, listener.error());
    Message ready;
    ready.descriptors.push_back(*std::move(listener));
    if (!send_message(control, ready)) ::_exit(exit_not_started);
    // Only the launcher may hold it: the agent could allow itself every exec.
    ready.descriptors.clear();

    char answer = 0;
    ssize_t got = 0;
    do
        got = ::recv(control, &answer, sizeof answer, 0);
    while (got < 0 && errno == EINTR);
    if (got != 1 || answer != go) ::_exit(exit_not_started);
    (void)::umask(S_IRWXG | S_IRWXO);
    auto arguments = order.arguments;
    auto environment = order.environment;
    const auto argv = pointers_to(arguments);
    const auto envp = pointers_to(environment);
    (void)::execve(order.program.c_str(), argv.data(), envp.data());
    give_up(control, failed("exec " + order.program));
}

// ── in the launcher ─────────────────────────────────────────────────────────────────────────────

bool becomes_readable(int descriptor, std::chrono::milliseconds patience) {
    pollfd one{descriptor, POLLIN, 0};
    return ::poll(&one, 1, static_cast<int>(patience.count())) == 1;
}

Result<Descriptor> receive_listener(int control) {
    if (!becomes_readable(control, child_patience))
        return Error(Code::timeout, "the new process does not come to its exec");
    auto message = receive_message(control);
    if (!message) return Error(Code::unavailable, "the new process ended before its exec");
    if (message->descriptors.size() != 1)
        return Error(Code::unavailable, std::string(text_of(message->payload)));
    return std::move(message->descriptors.front());
}

}  // namespace

Result<WaitingChild> start_child(const ChildOrder& order) {
    std::array<int, 2> ends{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return failed("socketpair");
    Descriptor ours(ends[0]);
    Descriptor theirs(ends[1]);
    WaitingChild child;
    child.pid = ::fork();
    if (child.pid < 0) return failed("fork");
    if (child.pid == 0) {
        ours = Descriptor();
        run_child(order, theirs.get());
    }
    theirs = Descriptor();
    child.control = std::move(ours);
    // Not reaped yet, so the number is still that child's.
    child.pidfd = Descriptor(pidfd_open(child.pid));
    auto listener = child.pidfd ? receive_listener(child.control.get())
                                : Result<Descriptor>(failed("pidfd_open"));
    if (listener) {
        child.listener = *std::move(listener);
        return child;
    }
    (void)::kill(child.pid, SIGKILL);
    (void)::waitpid(child.pid, nullptr, 0);
    return std::move(listener).error().within("launch");
}

Done send_go(int control) {
    if (::send(control, &go, sizeof go, MSG_NOSIGNAL) != 1)
        return Error(Code::unavailable, "the process ended before its exec");
    return done();
}

Done read_outcome(int control) {
    const auto message = receive_message(control);
    if (!message && message.error().code() == Code::not_found) return done();
    if (!message) return message.error();
    return Error(Code::unavailable, std::string(text_of(message->payload))).because("not_started");
}

}  // namespace holdfast::daemon
