#include "daemon/supervisor_spawn.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <system_error>

#include "daemon/log.h"
#include "daemon/pidfd.h"
#include "daemon/process.h"

namespace holdfast::daemon {
namespace {

constexpr int exit_not_started = 127;  // as shells say it
constexpr rlim_t open_files = 65536;   // the front keeps the measured files of its callers open

using Capabilities = std::unique_ptr<std::remove_pointer_t<cap_t>, int (*)(void*)>;

Error failed(const std::string& step) {
    return Error(Code::internal, step + ": " + std::generic_category().message(errno));
}

// ── in the child, between fork and exec ─────────────────────────────────────────────────────────

// First out of the way of all targets, then into place; dup2 leaves close-on-exec off.
Done place_descriptors(const ChildPlan& plan) {
    std::vector<int> parked;
    for (const auto& [target, source] : plan.descriptors) {
        const int safe = ::fcntl(source, F_DUPFD_CLOEXEC, 2 * first_free_descriptor);
        if (safe < 0) return failed("F_DUPFD_CLOEXEC");
        parked.push_back(safe);
    }
    if (::close_range(STDERR_FILENO + 1, first_free_descriptor - 1, 0) != 0)
        return failed("close_range");
    for (std::size_t i = 0; i < parked.size(); ++i) {
        if (::dup2(parked[i], plan.descriptors[i].first) < 0) return failed("dup2");
    }
    if (::close_range(first_free_descriptor, ~0U, 0) != 0) return failed("close_range");
    return done();
}

Done become(const Account& account) {
    // setuid drops every capability unless told not to; keep_only picks what stays.
    if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return failed("PR_SET_KEEPCAPS");
    if (::setgroups(account.groups.size(), account.groups.data()) != 0) return failed("setgroups");
    if (::setresgid(account.gid, account.gid, account.gid) != 0) return failed("setresgid");
    if (::setresuid(account.uid, account.uid, account.uid) != 0) return failed("setresuid");
    return done();
}

Done keep_only(const std::vector<cap_value_t>& kept) {
    const Capabilities set(::cap_init(), &::cap_free);
    if (!set) return failed("cap_init");
    if (!kept.empty()) {
        for (const auto flag : {CAP_PERMITTED, CAP_EFFECTIVE, CAP_INHERITABLE}) {
            if (::cap_set_flag(set.get(), flag, static_cast<int>(kept.size()), kept.data(),
                               CAP_SET) != 0)
                return failed("cap_set_flag");
        }
    }
    if (::cap_set_proc(set.get()) != 0) return failed("cap_set_proc");
    for (const auto capability : kept) {
        if (::cap_set_ambient(capability, CAP_SET) != 0) return failed("cap_set_ambient");
    }
    return done();
}

// A root without what root gets by itself: at the exec it has the ambient set, as others do.
Done lose_root_privilege(const Account& account) {
    if (account.uid != 0) return done();
    if (::prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED, 0, 0, 0) != 0)
        return failed("PR_SET_SECUREBITS");
    return done();
}

Done prepare_child(const ChildPlan& plan) {
    sigset_t none;
    ::sigemptyset(&none);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread, a child just forked
    if (::sigprocmask(SIG_SETMASK, &none, nullptr) != 0) return failed("sigprocmask");
    struct rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = std::min(limit.rlim_max, open_files);
        (void)::setrlimit(RLIMIT_NOFILE, &limit);
    }
    HOLDFAST_CHECK(place_descriptors(plan));
    if (plan.account) {
        HOLDFAST_CHECK(become(*plan.account));
        HOLDFAST_CHECK(lose_root_privilege(*plan.account));
        HOLDFAST_CHECK(keep_only(plan.capabilities));
    }
    if (::chdir("/") != 0) return failed("chdir");
    return done();
}

// Nothing of our own environment, but for where the log goes.
std::vector<std::string> child_environment() {
    std::vector<std::string> environment{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8",
                                         "TSS2_LOG=all+none"};
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
    if (const char* journal = ::getenv("JOURNAL_STREAM"); journal != nullptr)
        environment.push_back(std::string("JOURNAL_STREAM=") + journal);
    return environment;
}

// As execve takes them, null at the end.
std::vector<char*> pointers_to(std::vector<std::string>& words) {
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (auto& word : words)
        pointers.push_back(word.data());
    pointers.push_back(nullptr);
    return pointers;
}

[[noreturn]] void run_child(const ChildPlan& plan) {
    const auto prepared = prepare_child(plan);
    if (!prepared) {
        log_error(plan.program + ": cannot start: " + prepared.error().text());
        ::_exit(exit_not_started);
    }
    auto environment = child_environment();
    std::vector<std::string> words{plan.program};
    words.insert(words.end(), plan.arguments.begin(), plan.arguments.end());
    (void)::execve(plan.program.c_str(), pointers_to(words).data(),
                   pointers_to(environment).data());
    log_error(plan.program + ": cannot execute: " + std::generic_category().message(errno));
    ::_exit(exit_not_started);
}

}  // namespace

Result<Child> spawn(const ChildPlan& plan) {
    const pid_t pid = ::fork();
    if (pid < 0) return failed("fork");
    if (pid == 0) run_child(plan);
    // Not reaped yet, so the number is still that child's.
    Child child{pid, Descriptor(pidfd_open(pid))};
    if (child.pidfd) return child;
    const auto error = failed("pidfd_open");
    (void)::kill(pid, SIGKILL);
    return error;
}

Result<std::pair<Descriptor, Descriptor>> make_link() {
    std::array<int, 2> ends{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return failed("socketpair");
    std::pair<Descriptor, Descriptor> link{Descriptor(ends[0]), Descriptor(ends[1])};
    if (::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) return failed("O_NONBLOCK");
    return link;
}

std::vector<cap_value_t> permitted(const std::vector<cap_value_t>& wanted) {
    const Capabilities own(::cap_get_proc(), &::cap_free);
    std::vector<cap_value_t> allowed;
    for (const auto capability : wanted) {
        cap_flag_value_t value = CAP_CLEAR;
        if (own && ::cap_get_flag(own.get(), capability, CAP_PERMITTED, &value) == 0 &&
            value == CAP_SET)
            allowed.push_back(capability);
    }
    return allowed;
}

}  // namespace holdfast::daemon
