// WorkerProcess: a real keys worker, with the supervisor's part and the front's in this process.
#ifndef HOLDFAST_TESTS_SUPPORT_WORKER_PROCESS_H
#define HOLDFAST_TESTS_SUPPORT_WORKER_PROCESS_H

#include <boost/asio/io_context.hpp>
#include <poll.h>
#include <sys/wait.h>

#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "daemon/link/linked_keys.h"
#include "daemon/process.h"
#include "daemon/supervisor_spawn.h"
#include "daemon/supervisor_state.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

namespace holdfast::tests {

class WorkerProcess {
  public:
    WorkerProcess(std::string program, daemon::WorkerKind kind)
        : link(io.get_executor(), kind,
               [this](daemon::WorkerId worker) { failed.push_back(worker); }),
          program_(std::move(program)) {
        settings = daemon::dev_settings(folder_.path());
        settings.host_name = "test";
        auto lock = daemon::prepare_state(settings, daemon::Accounts());
        REQUIRE(lock);
    }
    WorkerProcess(const WorkerProcess&) = delete;
    WorkerProcess& operator=(const WorkerProcess&) = delete;
    ~WorkerProcess() { stop(); }

    // With what is handed over besides: numbers in the child and here.
    void start(const std::vector<std::pair<int, int>>& more = {}) {
        auto ours = daemon::make_link();
        auto fronts = daemon::make_link();
        const auto memory = daemon::seal_settings(settings);
        REQUIRE((ours && fronts && memory));
        daemon::ChildPlan plan;
        plan.program = program_;
        plan.descriptors = {{daemon::supervisor_link, ours->second.get()},
                            {daemon::settings_memfd, memory->get()},
                            {daemon::front_link, fronts->second.get()}};
        plan.descriptors.insert(plan.descriptors.end(), more.begin(), more.end());
        auto child = daemon::spawn(plan);
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

    daemon::Settings settings;
    boost::asio::io_context io;
    std::vector<daemon::WorkerId> failed;
    daemon::WorkerLink link;
    daemon::LinkedKeys keys{link};

  private:
    TemporaryDirectory folder_;
    std::string program_;
    daemon::Child child_;
    Descriptor supervisor_;
    std::uint64_t generation_ = 0;
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_WORKER_PROCESS_H
