// Gate: every exec inside an instance asks here first (seccomp_unotify(2)).
#ifndef HOLDFAST_DAEMON_LAUNCHER_GATE_H
#define HOLDFAST_DAEMON_LAUNCHER_GATE_H

#include <sys/types.h>

#include <cstdint>

#include "holdfast/descriptor.h"
#include "holdfast/result.h"

namespace holdfast::daemon {

// The leader executes once. Its children, which are other processes, may execute what the sandbox
// lets them read; they are told apart by who they are, never by what path they name.
class Gate {
  public:
    enum class Passed : std::uint8_t {
        nothing,         // the caller was gone before it was answered
        leader_started,  // its one exec
        child,           // another process of the instance
        leader_refused,  // it wanted to become another program: EPERM
    };

    Gate(Descriptor listener, pid_t leader, bool has_executed)
        : listener_(std::move(listener)), leader_(leader), has_executed_(has_executed) {}

    int listener() const noexcept { return listener_.get(); }
    // Takes and answers one exec; call it when the listener is readable.
    Result<Passed> serve();

  private:
    Passed decide(pid_t thread) const;

    Descriptor listener_;
    pid_t leader_;
    bool has_executed_;
};

// The process a thread belongs to: "Tgid:" of /proc/THREAD/status. not_found when it is gone.
Result<pid_t> process_of_thread(pid_t thread);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LAUNCHER_GATE_H
