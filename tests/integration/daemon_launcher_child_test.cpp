// The process that becomes the agent: what it is when it executes, and that it waits to be let go.
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <thread>

#include "daemon/cgroups.h"
#include "daemon/launcher/child.h"
#include "daemon/launcher/gate.h"
#include "tests/support/catch.h"
#include "tests/support/child.h"

using namespace holdfast;
using daemon::ChildOrder;
using daemon::Gate;

namespace {

constexpr uid_t agent_uid = 20001;

#define NEEDS_ROOT() \
    if (::geteuid() != 0) HOLDFAST_SKIP("needs root to be another user")

std::string all_of(int pipe) {
    std::string text;
    char byte = 0;
    while (::read(pipe, &byte, 1) == 1)
        text += byte;
    return text;
}

// Everything below / may be read and executed: what the sandbox refuses has its own tests.
struct Launching {
    Launching() : root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)) {
        REQUIRE(::mkdir(folder.path("work").c_str(), 0755) == 0);
        work = Descriptor(::open(folder.path("work").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        auto made = daemon::Sandbox::prepare({root.get(), {}, work.get()});
        REQUIRE(made);
        sandbox.emplace(*std::move(made));
    }
    ~Launching() {
        if (child.pid <= 0) return;
        (void)::kill(child.pid, SIGKILL);
        (void)::waitpid(child.pid, nullptr, 0);
    }
    Launching(const Launching&) = delete;
    Launching& operator=(const Launching&) = delete;

    Result<daemon::WaitingChild> start(std::vector<std::string> arguments,
                                       std::vector<std::string> environment = {},
                                       std::string program = "/bin/sh", int cgroup = -1) const {
        return daemon::start_child({.program = std::move(program),
                                    .arguments = std::move(arguments),
                                    .environment = std::move(environment),
                                    .working_directory = work.get(),
                                    .output = output.write.get(),
                                    .cgroup = cgroup,
                                    .uid = agent_uid,
                                    .sandbox = *sandbox});
    }
    void begin(std::vector<std::string> arguments, std::vector<std::string> environment = {},
               std::string program = "/bin/sh", int cgroup = -1) {
        auto started =
            start(std::move(arguments), std::move(environment), std::move(program), cgroup);
        INFO((started ? "" : started.error().text()));
        REQUIRE(started);
        child = *std::move(started);
    }
    // As LaunchWorker does: serves the gate until the exec has an outcome.
    Done run() {
        Gate gate(std::move(child.listener), child.pid, false);
        HOLDFAST_CHECK(daemon::send_go(child.control.get()));
        for (;;) {
            pollfd both[] = {{child.control.get(), POLLIN, 0}, {gate.listener(), POLLIN, 0}};
            if (::poll(both, 2, 30'000) <= 0) return Error(Code::timeout, "no outcome");
            if ((both[1].revents & POLLIN) != 0) HOLDFAST_CHECK(gate.serve());
            if (both[0].revents == 0) continue;
            child.listener = Descriptor(::fcntl(gate.listener(), F_DUPFD_CLOEXEC, 0));
            return daemon::read_outcome(child.control.get());
        }
    }
    int wait() {
        int status = 0;
        REQUIRE(::waitpid(child.pid, &status, 0) == child.pid);
        child.pid = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }
    // What it printed when it has ended; its gate is served meanwhile, for the shell's children.
    std::string printed(bool has_executed = true) {
        output.write = Descriptor();
        Gate gate(std::move(child.listener), child.pid, has_executed);
        const Descriptor pidfd(::fcntl(child.pidfd.get(), F_DUPFD_CLOEXEC, 0));
        std::thread guard([&] {
            for (;;) {
                pollfd both[] = {{gate.listener(), POLLIN, 0}, {pidfd.get(), POLLIN, 0}};
                if (::poll(both, 2, 30'000) <= 0 || both[1].revents != 0) return;
                (void)gate.serve();
            }
        });
        std::string text = all_of(output.read.get());
        guard.join();
        return text;
    }
    std::string status_line(const std::string& name) const {
        std::ifstream file("/proc/" + std::to_string(child.pid) + "/status");
        for (std::string line; std::getline(file, line);)
            if (line.starts_with(name + ":\t")) return line.substr(name.size() + 2);
        return "";
    }

    test::Directory folder;
    Descriptor root, work;
    std::optional<daemon::Sandbox> sandbox;
    test::Pipe output;
    daemon::WaitingChild child;
};

}  // namespace

TEST_CASE("child: it stands before its exec until it is let go", "[daemon][launcher]") {
    NEEDS_ROOT();
    Launching launching;
    launching.begin({"sh", "-c", "echo ran"});
    pollfd quiet{launching.child.control.get(), POLLIN, 0};
    CHECK(::poll(&quiet, 1, 0) == 0);
    pollfd gate{launching.child.listener.get(), POLLIN, 0};
    CHECK(::poll(&gate, 1, 0) == 0);
    REQUIRE(launching.run());
    CHECK(launching.printed() == "ran\n");
    CHECK(launching.wait() == 0);
}

TEST_CASE("child: whose control is closed before it is let go executes nothing",
          "[daemon][launcher]") {
    NEEDS_ROOT();
    Launching launching;
    launching.begin({"sh", "-c", "echo ran"});
    launching.child.control = Descriptor();
    CHECK(launching.printed(false).empty());  // the gate would let it
    CHECK(launching.wait() == 127);
}

TEST_CASE("child: anything but the word to go ends it", "[daemon][launcher]") {
    NEEDS_ROOT();
    Launching launching;
    launching.begin({"sh", "-c", "echo ran"});
    REQUIRE(::send(launching.child.control.get(), "x", 1, MSG_NOSIGNAL) == 1);
    CHECK(launching.printed(false).empty());  // the gate would let it
    CHECK(launching.wait() == 127);
    CHECK_FALSE(daemon::send_go(launching.child.control.get()));
}

TEST_CASE("child: an exec that fails is told, with what and why", "[daemon][launcher]") {
    NEEDS_ROOT();
    Launching launching;
    launching.begin({"none"}, {}, "/nonexistent/program");
    const auto outcome = launching.run();
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().text().find("/nonexistent/program: No such file") != std::string::npos);
    CHECK(launching.wait() == 127);
}

TEST_CASE("child: what cannot be prepared is told, and leaves no process", "[daemon][launcher]") {
    NEEDS_ROOT();
    const Launching launching;
    const Descriptor no_group(::open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const auto refused = launching.start({"sh"}, {}, "/bin/sh", no_group.get());
    REQUIRE_FALSE(refused);
    CHECK(refused.error().text().find("cgroup.procs") != std::string::npos);
    CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
    CHECK(errno == ECHILD);
}

TEST_CASE("child: it has the user it was ordered and nothing of ours", "[daemon][launcher]") {
    NEEDS_ROOT();
    Launching launching;
    const gid_t more[] = {0, 27};
    REQUIRE(::setgroups(2, more) == 0);
    sigset_t blocked;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGTERM);
    (void)::pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
    (void)::signal(SIGPIPE, SIG_IGN);
    launching.begin({"sh", "-c", "read forever"});
    (void)::pthread_sigmask(SIG_UNBLOCK, &blocked, nullptr);
    (void)::signal(SIGPIPE, SIG_DFL);
    REQUIRE(::setgroups(0, nullptr) == 0);
    const auto line = [&](const char* name) { return launching.status_line(name); };
    CHECK(line("Uid") == "20001\t20001\t20001\t20001");
    CHECK(line("Gid") == "20001\t20001\t20001\t20001");
    CHECK(line("Groups") == " ");
    for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
        INFO(set);
        CHECK(line(set) == "0000000000000000");
    }
    CHECK(line("NoNewPrivs") == "1");
    CHECK(line("Seccomp") == "2");
    CHECK(line("SigBlk") == "0000000000000000");
    CHECK((std::stoul(line("SigIgn"), nullptr, 16) & (1UL << (SIGPIPE - 1))) == 0);
    CHECK(::getsid(launching.child.pid) == launching.child.pid);
    CHECK(::getpgid(launching.child.pid) == launching.child.pid);
}

TEST_CASE("child: it has its output, nothing to read, and no other descriptor of ours",
          "[daemon][launcher]") {
    NEEDS_ROOT();
    Launching launching;
    // Without O_CLOEXEC, as a library might open it.
    const Descriptor ours(::open("/etc/passwd", O_RDONLY));
    launching.begin({"sh", "-c",
                     "for d in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24; "
                     "do [ -e /proc/self/fd/$d ] && echo $d; done; read x || echo end; "
                     "echo told >&2"});
    REQUIRE(launching.run());
    CHECK(launching.printed() == "0\n1\n2\nend\ntold\n");
}

TEST_CASE("child: its environment, arguments, folder and limits are as ordered, and no more",
          "[daemon][launcher]") {
    NEEDS_ROOT();
    REQUIRE(::setenv("HOLDFAST_TEST_SECRET", "ours", 1) == 0);
    Launching launching;
    launching.begin({"a name of its own", "-c",
                     "tr '\\0' '\\n' </proc/$$/environ; echo \"$0 $1\"; pwd -P; umask; "
                     "ulimit -c; ulimit -Hc",
                     "one", "two words"},
                    {"B=2", "A=1=1", "PATH=/usr/bin:/bin"});
    REQUIRE(launching.run());
    CHECK(launching.printed() == "B=2\nA=1=1\nPATH=/usr/bin:/bin\none two words\n" +
                                     launching.folder.path("work") + "\n0077\n0\n0\n");
    REQUIRE(::unsetenv("HOLDFAST_TEST_SECRET") == 0);
}

TEST_CASE("child: it is in its control group before its first instruction",
          "[daemon][launcher][cgroups]") {
    NEEDS_ROOT();
    Launching launching;
    const std::string state = launching.folder.path("state");
    if (!daemon::Cgroups::make_home(state))
        HOLDFAST_SKIP("needs root and a cgroup2 file system of its own");
    const auto groups = daemon::Cgroups::open(state);
    REQUIRE(groups);
    const auto group = groups->make("ab");
    REQUIRE(group);
    launching.begin({"sh", "-c", "cat /proc/self/cgroup"}, {"PATH=/usr/bin:/bin"}, "/bin/sh",
                    group->directory.get());
    std::ifstream file("/proc/" + std::to_string(launching.child.pid) + "/cgroup");
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    CHECK(*daemon::unified_path(text) == group->path);
    REQUIRE(launching.run());
    CHECK(*daemon::unified_path(launching.printed()) == group->path);
    (void)launching.wait();
    CHECK(groups->remove("ab"));
    daemon::Cgroups::remove_home(state);
}

TEST_CASE("child: nobody of its own user may look into it before it executes",
          "[daemon][launcher]") {
    NEEDS_ROOT();
    Launching launching;
    launching.begin({"sh", "-c", "read forever"});
    struct stat facts{};
    const std::string name = "/proc/" + std::to_string(launching.child.pid) + "/environ";
    REQUIRE(::stat(name.c_str(), &facts) == 0);
    CHECK(facts.st_uid == 0);
}
