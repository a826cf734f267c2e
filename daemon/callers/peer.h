// Peer: the kernel's facts about who connected, and a check that every chunk is theirs.
#ifndef HOLDFAST_DAEMON_CALLERS_PEER_H
#define HOLDFAST_DAEMON_CALLERS_PEER_H

#include <sys/types.h>

#include "holdfast/descriptor.h"
#include "holdfast/result.h"

namespace holdfast::daemon {

struct Peer {
    pid_t pid = 0;
    uid_t uid = 0;
    gid_t gid = 0;
    Descriptor pidfd;
    bool pid_reuse_excluded = false;  // SO_PEERPIDFD, Linux 6.5+; else pidfd_open after the fact
};

// At accept. denied when the peer is already gone, has pid 0 or uid 65534.
Result<Peer> peer_of(int socket);
Done still_alive(const Peer& peer);

// One recvmsg with SCM_CREDENTIALS: the sender must be the peer. Descriptors sent along are closed
// and the chunk refused. 0 bytes = end of stream. Would-block is Code::busy.
Result<std::size_t> receive_from(int socket, const Peer& peer, void* data, std::size_t size);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_CALLERS_PEER_H
