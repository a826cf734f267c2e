// FakeLauncher: a Launcher that counts, and answers what a test tells it to.
#ifndef HOLDFAST_TESTS_SUPPORT_FAKE_LAUNCHER_H
#define HOLDFAST_TESTS_SUPPORT_FAKE_LAUNCHER_H

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
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
    Done end_says = done();
    std::function<void()> while_preparing = [] {};
    std::function<void()> while_releasing = [] {};
    std::function<void()> while_ending = [] {};
    std::optional<daemon::LaunchOrder> last_order;
    std::vector<std::string> instances = {"aa"};  // what running() says
    bool described_as_running = true;
    bool without_code = false;  // what it prepares has a list of code that is none
    Bytes last_payload;         // of ask_store

    Done available() const override { return available_says; }
    daemon::Async<daemon::LaunchedInstance> prepare(daemon::LaunchOrder order) override {
        calls.push_back("prepare " + order.agent);
        last_order = order;
        while_preparing();
        HOLDFAST_CO_CHECK(prepare_says);
        auto launched = own_instance(order.agent, order.instance);
        if (without_code) launched.code = Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        co_return launched;
    }
    daemon::Async<std::monostate> release(std::string) override {
        calls.emplace_back("release");
        while_releasing();
        co_return release_says;
    }
    daemon::Async<std::monostate> end(daemon::EndOrder order) override {
        calls.push_back("end " + std::to_string(static_cast<int>(order.ending)));
        while_ending();
        co_return end_says;
    }
    daemon::Async<std::vector<std::string>> running() override {
        calls.emplace_back("running");
        co_return instances;
    }
    daemon::Async<daemon::LaunchedInstance> describe(std::string instance) override {
        calls.push_back("describe " + instance);
        auto launched = own_instance("deploy-bot", instance);
        launched.running = described_as_running;
        co_return launched;
    }
    daemon::Async<Bytes> ask_store(daemon::Operation operation, Bytes payload) override {
        last_payload = std::move(payload);
        calls.push_back("store " + std::to_string(static_cast<int>(operation)));
        HOLDFAST_CO_TRY(answer, store_says);
        co_return answer;
    }
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_FAKE_LAUNCHER_H
