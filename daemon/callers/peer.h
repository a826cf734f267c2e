// Peer: the kernel's facts about who connected, and a check that every chunk is theirs.
#ifndef HOLDFAST_DAEMON_CALLERS_PEER_H
#define HOLDFAST_DAEMON_CALLERS_PEER_H

#include <sys/socket.h>
#include <sys/types.h>

#include <string>
#include <vector>

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

inline constexpr uid_t unmapped_uid = 65534;  // what the kernel shows for a uid we cannot name

// On the listener too: accepted sockets inherit it, so the first chunk is already labelled.
Done ask_for_senders(int socket);

// Who connected, by SO_PEERCRED: a label for records, until peer_of agrees.
Result<ucred> named_peer(int socket);

// At accept. denied [caller_gone, unrecognised_caller]: already gone, pid 0, or an unmapped uid.
Result<Peer> peer_of(int socket);
Done still_alive(const Peer& peer);  // denied [caller_gone]

// One recvmsg with SCM_CREDENTIALS: the sender must be the peer [foreign_sender]. Descriptors sent
// along are closed and the chunk refused (invalid, malformed_request). 0 bytes = end of stream.
// Would-block is Code::busy.
Result<std::size_t> receive_from(int socket, const Peer& peer, void* data, std::size_t size);

// The supplementary groups it has now, by /proc/PID/status.
Result<std::vector<gid_t>> groups_of(const Peer& peer);

// Who answers for an admin call: "login:1000", the login uid that neither su nor sudo changes, or
// "uid:0" where none was set.
Result<std::string> principal_of(const Peer& peer);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_CALLERS_PEER_H
