// FakeLauncher: a Launcher that counts, and answers what a test tells it to.
#ifndef HOLDFAST_TESTS_SUPPORT_FAKE_LAUNCHER_H
#define HOLDFAST_TESTS_SUPPORT_FAKE_LAUNCHER_H

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

#include "daemon/link/launcher.h"
#include "daemon/sealed.h"

namespace holdfast::tests {

// An instance of `agent` whose leader is this very process.
inline daemon::LaunchedInstance own_instance(const std::string& agent,
                                             const std::string& instance) {
    daemon::LaunchedInstance launched;
    launched.agent = agent;
    launched.instance = instance;
    launched.version = 1;
    launched.manifest.fill(0x4d);
    launched.tree.fill(0x77);
    launched.pid = ::getpid();
    launched.uid = ::geteuid();
    launched.log = "/var/log/holdfast/" + agent + ".log";
    launched.entrypoint.fill(0xee);
    launched.pidfd = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
    launched.view = Descriptor(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    auto code = daemon::seal(launched.entrypoint, "code");
    if (code) launched.code = *std::move(code);
    return launched;
}

class FakeLauncher final : public daemon::Launcher {
  public:
    std::vector<std::string> calls;  // "prepare bot", "release", "end 2" …
    Done available_says = done();
    Done prepare_says = done();
    Done release_says = done();
    Result<Bytes> store_says = Bytes();
    std::function<void()> while_preparing = [] {};

    Done available() const override { return available_says; }
    daemon::Async<daemon::LaunchedInstance> prepare(daemon::LaunchOrder order) override {
        calls.push_back("prepare " + order.agent);
        while_preparing();
        HOLDFAST_CO_CHECK(prepare_says);
        co_return own_instance(order.agent, order.instance);
    }
    daemon::Async<std::monostate> release(std::string) override {
        calls.emplace_back("release");
        co_return release_says;
    }
    daemon::Async<std::monostate> end(daemon::EndOrder order) override {
        calls.push_back("end " + std::to_string(static_cast<int>(order.ending)));
        co_return done();
    }
    daemon::Async<std::vector<std::string>> running() override {
        calls.emplace_back("running");
        co_return std::vector<std::string>{"aa"};
    }
    daemon::Async<daemon::LaunchedInstance> describe(std::string instance) override {
        calls.push_back("describe " + instance);
        auto launched = own_instance("deploy-bot", instance);
        launched.running = true;
        co_return launched;
    }
    daemon::Async<Bytes> ask_store(daemon::Operation operation, Bytes) override {
        calls.push_back("store " + std::to_string(static_cast<int>(operation)));
        HOLDFAST_CO_TRY(answer, store_says);
        co_return answer;
    }
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_FAKE_LAUNCHER_H
