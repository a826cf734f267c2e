// Confine: what a process of the daemon gives up for good, with and without systemd (seccomp(2)).
#ifndef HOLDFAST_DAEMON_CONFINE_H
#define HOLDFAST_DAEMON_CONFINE_H

#include "holdfast/result.h"

namespace holdfast::daemon {

// For the front, the keys worker and the measurer: no network (sockets are AF_UNIX or fail with
// EACCES), no other program, no look into or trace of another process by system calls of that
// purpose, no mounts, namespaces, kernel modules, keyrings, bpf or io_uring (EPERM). The unit
// cannot say this for them: launched agents would inherit it. After begin_process, which sets
// no_new_privs.
Done confine_process();

// The same for the worker that loads a vendor's PKCS#11 module, which may talk to its HSM over the
// network, to a USB device (AF_NETLINK tells of them) or to a daemon of its own: sockets are
// AF_UNIX, AF_INET, AF_INET6 or AF_NETLINK.
Done confine_but_for_network();

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_CONFINE_H
