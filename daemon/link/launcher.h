// Launcher: the launching worker as the front sees it.
#ifndef HOLDFAST_DAEMON_LINK_LAUNCHER_H
#define HOLDFAST_DAEMON_LINK_LAUNCHER_H

#include <string>
#include <vector>

#include "daemon/link/async.h"
#include "daemon/link/launched.h"

namespace holdfast::daemon {

class Launcher {
  public:
    Launcher() = default;
    Launcher(const Launcher&) = delete;
    Launcher& operator=(const Launcher&) = delete;
    virtual ~Launcher() = default;

    virtual Done available() const = 0;
    // A process of the agent's own uid in its cgroup and sandbox, standing before its exec. denied
    // with one of the reasons docs/launching.md lists. It ends by itself when it is not released.
    virtual Async<LaunchedInstance> prepare(LaunchOrder order) = 0;
    // Lets it execute; answers when it did.
    virtual Async<std::monostate> release(std::string instance) = 0;
    // not_found when there is no such instance. `stop` answers when it is on its way.
    virtual Async<std::monostate> end(EndOrder order) = 0;
    // Instance ids; what is known of one. After the front was replaced.
    virtual Async<std::vector<std::string>> running() = 0;
    virtual Async<LaunchedInstance> describe(std::string instance) = 0;
    // import_code, list_store, collect_store or check_store, and what the importer answered. It may
    // take minutes; unavailable when the launcher was replaced meanwhile.
    virtual Async<Bytes> ask_store(Operation operation, Bytes payload) = 0;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LINK_LAUNCHER_H
