// Measurer: the measuring worker as the front sees it.
#ifndef HOLDFAST_DAEMON_LINK_MEASURER_H
#define HOLDFAST_DAEMON_LINK_MEASURER_H

#include <sys/types.h>

#include "attest/measure/process.h"
#include "daemon/link/async.h"

namespace holdfast::daemon {

class Measurer {
  public:
    Measurer() = default;
    Measurer(const Measurer&) = delete;
    Measurer& operator=(const Measurer&) = delete;
    virtual ~Measurer() = default;

    // The pidfd is duplicated into the message; the view's descriptors come back the same way.
    virtual Async<attest::ProcessView> measure(pid_t pid, int pidfd, uid_t uid) = 0;
    // Is the tree of this manifest as it was imported? denied, store_changed.
    virtual Async<std::monostate> check_view(Sha256 manifest) = 0;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LINK_MEASURER_H
