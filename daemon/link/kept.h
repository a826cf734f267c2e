// KeptInstance: what of a launched agent must outlive the launcher, held by the supervisor.
#ifndef HOLDFAST_DAEMON_LINK_KEPT_H
#define HOLDFAST_DAEMON_LINK_KEPT_H

#include "daemon/link/launched.h"

namespace holdfast::daemon {

// Without a holder of `listener` no process of the instance could execute anything any more, and
// without one of `output` it would be ended by what it prints.
struct KeptInstance {
    LaunchedInstance facts;
    Descriptor listener;  // of its exec gate
    Descriptor output;    // the pipe it prints to
    Descriptor cgroup;    // the group's directory; none where the host has no groups for us
};

// keep_instance: the descriptors are duplicated into the message.
Result<Message> encode_kept(const KeptInstance& kept);
Result<KeptInstance> decode_kept(Message message);

// forget_instance: the payload is the instance's id.
Message forget_message(const std::string& instance);
Result<std::string> decode_forget(ByteView payload);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LINK_KEPT_H
