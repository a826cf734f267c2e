// LinkedLauncher: Launcher over the link to the launching worker.
#ifndef HOLDFAST_DAEMON_LINK_LINKED_LAUNCHER_H
#define HOLDFAST_DAEMON_LINK_LINKED_LAUNCHER_H

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

  private:
    Async<Reply> ask(Operation operation, Bytes payload);

    WorkerLink& link_;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LINK_LINKED_LAUNCHER_H
