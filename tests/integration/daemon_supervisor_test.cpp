// The supervisor and its children: what they are given, who replaces them, how all of them end.
#include <sys/resource.h>

#include <fstream>

#include "daemon/link/launched.h"
#include "tests/support/supervised_daemon.h"

using holdfast::Descriptor;
using holdfast::daemon::pidfd_open;
using namespace holdfast::tests;

TEST_CASE("supervisor: children get their descriptors and nothing else", "[daemon][supervisor]") {
    Daemon daemon;
    daemon.start_dev();
    const auto children = daemon.ready();
    CHECK(children.at("front").field("fds") == "0,1,2,3,4,6,7,");
    for (const char* name : {"keys-tpm", "measurer"})
        CHECK(children.at(name).field("fds") == "0,1,2,3,4,5,");
    for (const auto& [name, child] : children) {
        CHECK(child.field("environment") == "PATH,LC_ALL,TSS2_LOG,");
        CHECK(child.field("nnp") == "1");
    }
}

TEST_CASE("supervisor: it may hold six descriptors for each agent that may run",
          "[daemon][supervisor][launch]") {
    constexpr rlim_t needed = 6 * holdfast::daemon::max_instances;
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    if (before.rlim_max < 2 * needed) HOLDFAST_SKIP("needs a higher limit of open files");
    rlimit low = before;
    low.rlim_cur = 256;
    Daemon daemon;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
    daemon.start_dev();
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    (void)daemon.ready();
    std::ifstream limits("/proc/" + std::to_string(daemon.pid()) + "/limits");
    rlim_t soft = 0;
    for (std::string line; std::getline(limits, line);)
        if (line.starts_with("Max open files")) soft = std::stoul(line.substr(14));
    CHECK(soft > needed);
}

TEST_CASE("supervisor: killed, it takes every child along", "[daemon][supervisor]") {
    Daemon daemon;
    daemon.start_dev();
    const auto pidfds = pidfds_of(daemon.ready());
    daemon.signal(SIGKILL);
    CHECK(daemon.exit_status() == -SIGKILL);
    for (const auto& pidfd : pidfds)
        wait_for(pidfd.get());
}

TEST_CASE("supervisor: killed while its children are stopped, none is left",
          "[daemon][supervisor]") {
    Daemon daemon;
    daemon.start_dev();
    const auto children = daemon.ready();
    const auto pidfds = pidfds_of(children);
    for (const auto& [name, child] : children)
        REQUIRE(::kill(child.pid, SIGSTOP) == 0);
    daemon.signal(SIGKILL);
    for (const auto& pidfd : pidfds)
        wait_for(pidfd.get());
}

TEST_CASE("supervisor: asked to end, it ends in order and removes its sockets",
          "[daemon][supervisor]") {
    for (const int asked : {SIGTERM, SIGINT}) {
        Daemon daemon;
        daemon.start_dev();
        const auto pidfds = pidfds_of(daemon.ready());
        daemon.signal(asked);
        CHECK(daemon.notified() == "STOPPING=1\n");
        CHECK(daemon.exit_status() == 0);
        for (const auto& pidfd : pidfds)
            wait_for(pidfd.get());
        CHECK_FALSE(fs::exists(daemon.folder.file("agent.sock")));
        CHECK_FALSE(fs::exists(daemon.folder.file("admin.sock")));
    }
}

TEST_CASE("supervisor: a killed worker is replaced, the others stay", "[daemon][supervisor]") {
    Daemon daemon;
    daemon.start_dev();
    const auto before = daemon.ready();
    for (const char* name : {"keys-tpm", "measurer"}) {
        REQUIRE(::kill(before.at(name).pid, SIGKILL) == 0);
        const auto after = daemon.report();
        CHECK(after.name == name);
        CHECK(after.pid != before.at(name).pid);
    }
    CHECK(::kill(before.at("front").pid, 0) == 0);
}

TEST_CASE("supervisor: a worker the front reports is killed and replaced", "[daemon][supervisor]") {
    Daemon daemon;
    daemon.start_dev();
    const auto before = daemon.ready();
    REQUIRE(::kill(before.at("keys-tpm").pid, SIGSTOP) == 0);
    const Descriptor stopped(pidfd_open(before.at("keys-tpm").pid));
    daemon.tell('k');
    const auto after = daemon.report();
    CHECK(after.name == "keys-tpm");
    CHECK(after.pid != before.at("keys-tpm").pid);
    wait_for(stopped.get());
}

TEST_CASE("supervisor: a report about a worker replaced meanwhile harms nobody",
          "[daemon][supervisor]") {
    Daemon daemon;
    daemon.start_dev();
    const auto before = daemon.ready();
    daemon.tell('o');
    // Told in order, so the first report has been dealt with when the second one has.
    daemon.tell('k');
    const auto after = daemon.report();
    CHECK(after.name == "keys-tpm");
    REQUIRE(::kill(after.pid, SIGKILL) == 0);
    CHECK(daemon.report().name == "keys-tpm");
}

TEST_CASE("supervisor: a front that ends or talks nonsense is replaced with its workers",
          "[daemon][supervisor]") {
    for (const char letter : {'x', 'j'}) {
        Daemon daemon;
        daemon.start_dev();
        const auto before = daemon.ready();
        const auto pidfds = pidfds_of(before);
        daemon.tell(letter);
        const auto after = daemon.ready();
        for (const auto& [name, child] : after)
            CHECK(child.pid != before.at(name).pid);
        for (const auto& pidfd : pidfds)
            wait_for(pidfd.get());
    }
}

TEST_CASE("supervisor: a front that never gets ready ends the daemon", "[daemon][supervisor]") {
    Daemon daemon("/bin/false");
    daemon.start_dev();
    CHECK(daemon.exit_status() == 1);
}
