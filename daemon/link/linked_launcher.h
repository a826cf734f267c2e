// LinkedLauncher: Launcher over the link to the launching worker.
#ifndef HOLDFAST_DAEMON_LINK_LINKED_LAUNCHER_H
#define HOLDFAST_DAEMON_LINK_LINKED_LAUNCHER_H

#include <cstdint>
#include <map>
#include <memory>

#include "daemon/link/launcher.h"
#include "daemon/link/worker_link.h"

namespace holdfast::daemon {

class LinkedLauncher final : public Launcher {
  public:
    explicit LinkedLauncher(WorkerLink& link) : link_(link) {}

    Done available() const override { return link_.available(); }
    Async<LaunchedInstance> prepare(LaunchOrder order) override;
    Async<std::monostate> release(std::string instance) override;
    Async<std::monostate> end(EndOrder order) override;
    Async<std::vector<std::string>> running() override;
    Async<LaunchedInstance> describe(std::string instance) override;

    Async<Bytes> ask_store(Operation operation, Bytes payload) override;

    // A store_answer of the launcher's. invalid: nonsense, the link must be closed.
    Done take_answer(Message message);
    // Another launcher: nobody will answer what the last one had begun.
    void forget_jobs();

  private:
    struct Job;
    Async<Reply> ask(Operation operation, Bytes payload);

    WorkerLink& link_;
    // By number. The other owner of a job is the coroutine that waits for it.
    std::map<std::uint64_t, std::shared_ptr<Job>> jobs_;
    std::map<std::uint64_t, Result<Reply>> early_;
    std::uint64_t launchers_ = 0;  // so many there were: each counts its jobs anew
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LINK_LINKED_LAUNCHER_H
