// Gate: the leader executes once, its children may, and who asks is found out by who it is.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "daemon/launcher/gate.h"
#include "tests/support/child.h"
#include "tests/support/confined.h"

using namespace holdfast;
using daemon::Gate;
using Passed = Gate::Passed;
using test::Confined;

namespace {

// Everything readable and executable: here only the gate decides.
daemon::Sandbox open_sandbox() {
    const Descriptor root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    const Descriptor data(::open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC));
    auto made = daemon::Sandbox::prepare({root.get(), {}, data.get()});
    REQUIRE(made);
    return *std::move(made);
}

int try_exec(const char* path) {
    (void)::execl(path, path, nullptr);
    return errno;
}

int in_a_child(const std::function<int()>& body) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body());
    int status = 0;
    (void)::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

bool answered(const std::vector<Passed>& passed, std::vector<Passed> expected) {
    // Whoever was gone before the answer counts for nothing.
    std::vector<Passed> counted;
    for (const auto each : passed)
        if (each != Passed::nothing) counted.push_back(each);
    return counted == expected;
}

}  // namespace

TEST_CASE("gate: the leader executes once", "[daemon][launcher][gate]") {
    Confined confined(open_sandbox(), [] { return try_exec("/bin/true"); });
    auto gate = confined.gate();
    std::vector<Passed> passed;
    CHECK(confined.finish(gate, &passed) == 0);
    CHECK(answered(passed, {Passed::leader_started}));
}

TEST_CASE("gate: the leader's second exec is refused, whatever it names",
          "[daemon][launcher][gate]") {
    Confined confined(open_sandbox(), [] {
        // The first one does not succeed, and yet was its one.
        if (try_exec("/nonexistent") != ENOENT) return 97;
        return try_exec("/bin/true");
    });
    auto gate = confined.gate();
    std::vector<Passed> passed;
    CHECK(confined.finish(gate, &passed) == EPERM);
    CHECK(answered(passed, {Passed::leader_started, Passed::leader_refused}));
}

TEST_CASE("gate: who had executed before this launcher began is refused",
          "[daemon][launcher][gate]") {
    Confined confined(open_sandbox(), [] { return try_exec("/bin/true"); });
    auto gate = confined.gate(true);
    std::vector<Passed> passed;
    CHECK(confined.finish(gate, &passed) == EPERM);
    CHECK(answered(passed, {Passed::leader_refused}));
}

TEST_CASE("gate: execveat and a program in memory are execs too", "[daemon][launcher][gate]") {
    Confined confined(open_sandbox(), [] {
        char name[] = "true";
        char* arguments[] = {static_cast<char*>(name), nullptr};
        const int program = ::open("/bin/true", O_PATH | O_CLOEXEC);
        (void)::syscall(SYS_execveat, program, "", static_cast<char**>(arguments), nullptr,
                        AT_EMPTY_PATH);
        return errno;
    });
    auto gate = confined.gate(true);
    CHECK(confined.finish(gate) == EPERM);
}

TEST_CASE("gate: a thread of the leader is the leader", "[daemon][launcher][gate]") {
    Confined confined(open_sandbox(), [] {
        int error = 0;
        std::thread([&] { error = try_exec("/bin/true"); }).join();
        return error;
    });
    auto gate = confined.gate(true);
    std::vector<Passed> passed;
    CHECK(confined.finish(gate, &passed) == EPERM);
    CHECK(answered(passed, {Passed::leader_refused}));
}

TEST_CASE("gate: children execute as often as they like, and use up nothing of the leader's",
          "[daemon][launcher][gate]") {
    Confined confined(open_sandbox(), [] {
        for (int i = 0; i < 2; ++i)
            if (in_a_child([] { return try_exec("/bin/true"); }) != 0) return 97;
        // A child of a child, and one that was started by vfork.
        if (in_a_child([] { return in_a_child([] { return try_exec("/bin/true"); }); }) != 0)
            return 96;
        if (::system("/bin/true") != 0) return 95;
        return try_exec("/bin/true");
    });
    auto gate = confined.gate();
    std::vector<Passed> passed;
    CHECK(confined.finish(gate, &passed) == 0);
    REQUIRE(passed.size() >= 5);
    CHECK(passed.front() == Passed::child);
    CHECK(passed.back() == Passed::leader_started);
}

TEST_CASE("gate: nobody asking is nothing, and does not wait", "[daemon][launcher][gate]") {
    Confined confined(open_sandbox(), [] {
        test::Pipe never;
        never.await();
        return 0;
    });
    auto gate = confined.gate();
    const auto served = gate.serve();
    REQUIRE(served);
    CHECK(*served == Passed::nothing);
}

TEST_CASE("gate: who was killed while asking is nothing, and the next one is heard",
          "[daemon][launcher][gate]") {
    test::Pipe asked;
    Confined confined(open_sandbox(), [&] {
        const pid_t child = ::fork();
        if (child == 0) ::_exit(try_exec("/bin/true"));
        // Its exec waits at the gate, which the test does not serve before this.
        asked.await();
        (void)::kill(child, SIGKILL);
        (void)::waitpid(child, nullptr, 0);
        return try_exec("/bin/true");
    });
    auto gate = confined.gate();
    pollfd waiting{gate.listener(), POLLIN, 0};
    REQUIRE(::poll(&waiting, 1, 30'000) == 1);
    asked.tell();
    std::vector<Passed> passed;
    CHECK(confined.finish(gate, &passed) == 0);
    CHECK(passed.back() == Passed::leader_started);
}

TEST_CASE("gate: the process of a thread is told by the kernel", "[daemon][launcher][gate]") {
    CHECK(*daemon::process_of_thread(::getpid()) == ::getpid());
    std::thread([] {
        const auto thread = static_cast<pid_t>(::syscall(SYS_gettid));
        CHECK(thread != ::getpid());
        CHECK(*daemon::process_of_thread(thread) == ::getpid());
    }).join();
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    REQUIRE(::waitpid(child, nullptr, 0) == child);
    CHECK(daemon::process_of_thread(child).error().code() == Code::not_found);
}
