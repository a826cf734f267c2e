// pidfd_open and pidfd_send_signal: glibc 2.36 declares them without C linkage, so they are ours.
#ifndef HOLDFAST_DAEMON_PIDFD_H
#define HOLDFAST_DAEMON_PIDFD_H

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace holdfast::daemon {

inline int pidfd_open(pid_t pid) noexcept {
    return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U));
}

inline int pidfd_send_signal(int pidfd, int signal) noexcept {
    return static_cast<int>(::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0U));
}

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_PIDFD_H
