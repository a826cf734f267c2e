// Another process of the same number. Root chooses it here; others only have to fork often enough.
#include <linux/sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <string>

#include "tests/attacks/attacks.h"
#include "tests/attacks/line.h"
#include "tests/attacks/program.h"

namespace holdfast::attacks {
namespace {

void become_user(const char* text) {
    const auto uid = static_cast<uid_t>(std::stoul(text));
    require(::setresgid(uid, uid, uid) == 0 && ::setresuid(uid, uid, uid) == 0, "setresuid");
}

// A process numbered `pid`, which is free (clone(2), set_tid). 0 in the new process.
pid_t fork_as(pid_t pid) {
    pid_t wanted = pid;
    clone_args arguments{};
    arguments.exit_signal = SIGCHLD;
    arguments.set_tid = reinterpret_cast<std::uintptr_t>(&wanted);
    arguments.set_tid_size = 1;
    const long child = ::syscall(SYS_clone3, &arguments, sizeof(arguments));
    require(child == 0 || child == pid, "clone3 with set_tid");
    return static_cast<pid_t>(child);
}

Doomed caller_that_says(const Line& line, const char* uid, const std::string& words) {
    return Doomed([&] {
        become_user(uid);
        line.connect();
        line.send(words);
    });
}

}  // namespace

// Before the daemon looks, the number is the trusted program's.
void reuse_pid_before_accept(Arguments arguments) {
    const Line line = Line::unconnected();
    const pid_t pid = caller_that_says(line, arguments[0], request_for("stolen")).die();
    if (fork_as(pid) == 0) {
        become_user(arguments[0]);
        become(arguments.subspan(1));
    }
    hear(line);
    (void)::kill(pid, SIGKILL);
    (void)::waitpid(pid, nullptr, 0);
}

// The daemon waits for the rest of a request, and gets it from a process of the right number.
void reuse_pid_after_accept(Arguments arguments) {
    const Line line = Line::unconnected();
    const std::string request = request_for("stolen");
    const auto half = request.size() / 2;
    const Doomed caller = caller_that_says(line, arguments[0], request.substr(0, half));
    ready();
    wait();  // until the daemon has accepted
    const pid_t pid = caller.die();
    if (fork_as(pid) == 0) {
        become_user(arguments[0]);
        line.send(request.substr(half));
        become(arguments.subspan(1));
    }
    hear(line);
    (void)::kill(pid, SIGKILL);
    (void)::waitpid(pid, nullptr, 0);
}

}  // namespace holdfast::attacks
