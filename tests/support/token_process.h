// TokenProcess: the real keys worker of a PKCS#11 token, with the supervisor's part and the front's
// in this process.
#ifndef HOLDFAST_TESTS_SUPPORT_TOKEN_PROCESS_H
#define HOLDFAST_TESTS_SUPPORT_TOKEN_PROCESS_H

#include <boost/asio/io_context.hpp>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

#include <csignal>
#include <string>
#include <vector>

#include "daemon/link/linked_keys.h"
#include "daemon/process.h"
#include "daemon/supervisor_spawn.h"
#include "daemon/supervisor_state.h"
#include "tests/support/catch.h"
#include "tests/support/softhsm.h"

namespace holdfast::tests {

using namespace holdfast::daemon;  // NOLINT(google-build-using-namespace): a bench of its parts

class TokenProcess {
  public:
    explicit TokenProcess(SoftToken& soft) : soft_(&soft) {
        settings = dev_settings(folder_.path());
        settings.host_name = "test";
        settings.host_keys = "pkcs11";
        settings.pkcs11_module = softhsm_module;
        settings.pkcs11_token = "pkcs11:token=agents";
        settings.pkcs11_environment = "SOFTHSM2_CONF=" + soft.config();
        settings.pkcs11_software_allowed = true;
        auto lock = prepare_state(settings, Accounts());
        REQUIRE(lock);
    }
    TokenProcess(const TokenProcess&) = delete;
    TokenProcess& operator=(const TokenProcess&) = delete;
    ~TokenProcess() { stop(); }

    // With the PIN file as it is now.
    void start() {
        auto ours = make_link();
        auto fronts = make_link();
        const auto memory = seal_settings(settings);
        const Descriptor pin(::open(soft_->pin_file().c_str(), O_RDONLY | O_CLOEXEC));
        REQUIRE((ours && fronts && memory));
        ChildPlan plan;
        plan.program = TOKEN_PROGRAM;
        plan.descriptors = {{supervisor_link, ours->second.get()},
                            {settings_memfd, memory->get()},
                            {front_link, fronts->second.get()}};
        if (hands_over_pin) plan.descriptors.emplace_back(pin_descriptor, pin.get());
        auto child = spawn(plan);
        REQUIRE(child);
        child_ = *std::move(child);
        supervisor_ = std::move(ours->first);
        link.attach(std::move(fronts->first), ++generation_);
    }
    // As a dying supervisor does: the worker's link ends.
    int end() {
        supervisor_ = Descriptor();  // the old number goes with the temporary
        return status();
    }
    int status() {
        pollfd ended{child_.pidfd.get(), POLLIN, 0};
        REQUIRE(::poll(&ended, 1, 30'000) == 1);
        int raw = 0;
        REQUIRE(::waitpid(child_.pid, &raw, 0) == child_.pid);
        child_.pid = 0;
        return WIFEXITED(raw) ? WEXITSTATUS(raw) : -WTERMSIG(raw);
    }
    void stop() {
        if (child_.pid == 0) return;
        (void)::kill(child_.pid, SIGKILL);
        (void)status();
    }
    pid_t pid() const { return child_.pid; }
    std::string file(const std::string& name) const { return folder_.file(name); }

    Settings settings;
    bool hands_over_pin = true;
    boost::asio::io_context io;
    std::vector<WorkerId> failed;
    WorkerLink link{io.get_executor(), WorkerKind::keys_pkcs11,
                    [this](WorkerId worker) { failed.push_back(worker); }};
    LinkedKeys keys{link};

  private:
    TemporaryDirectory folder_;
    SoftToken* soft_;
    Child child_;
    Descriptor supervisor_;
    std::uint64_t generation_ = 0;
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_TOKEN_PROCESS_H
