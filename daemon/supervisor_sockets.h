// The listening sockets: opened here or handed over by systemd.
#ifndef HOLDFAST_DAEMON_SUPERVISOR_SOCKETS_H
#define HOLDFAST_DAEMON_SUPERVISOR_SOCKETS_H

#include <string>

#include "daemon/config.h"
#include "holdfast/descriptor.h"
#include "holdfast/result.h"

namespace holdfast::daemon {

// Non-blocking, close-on-exec, with SO_PASSCRED: accepted sockets inherit it, so that the kernel
// names the sender of every chunk.
struct Listeners {
    Descriptor agent;  // 0666: who may do what is decided per caller
    Descriptor admin;  // 0660 root:admin_group
    bool from_systemd = false;
};

// From systemd when it passed any (sd_listen_fds(3): names "agent" and "admin"), else bound to the
// paths of the settings. A path in the way is only removed when it is a socket nobody listens on.
Result<Listeners> open_listeners(const Settings& settings);

// "NAME=value" lines to the service manager, if it asked for them (sd_notify(3)).
void notify_service_manager(const std::string& state);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_SUPERVISOR_SOCKETS_H
