// LinkedMeasurer: Measurer over the link to the measuring worker.
#ifndef HOLDFAST_DAEMON_LINK_LINKED_MEASURER_H
#define HOLDFAST_DAEMON_LINK_LINKED_MEASURER_H

#include "daemon/link/measurer.h"
#include "daemon/link/worker_link.h"

namespace holdfast::daemon {

class LinkedMeasurer final : public Measurer {
  public:
    explicit LinkedMeasurer(WorkerLink& link) : link_(link) {}

    Async<attest::ProcessView> measure(pid_t pid, int pidfd, uid_t uid) override;
    Async<std::monostate> check_view(Sha256 manifest) override;

  private:
    WorkerLink& link_;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LINK_LINKED_MEASURER_H
