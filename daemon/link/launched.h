// LaunchedInstance: one agent that was started by us, as the launcher knows it and the front uses
// it.
#ifndef HOLDFAST_DAEMON_LINK_LAUNCHED_H
#define HOLDFAST_DAEMON_LINK_LAUNCHED_H

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "attest/manifest/manifest.h"
#include "daemon/link/codec.h"
#include "daemon/link/messages.h"
#include "holdfast/bytes.h"
#include "holdfast/descriptor.h"
#include "holdfast/result.h"

namespace holdfast::daemon {

inline constexpr std::size_t max_instances = 256;       // running at a time
inline constexpr std::size_t max_instance_id = 64;      // hex digits
inline constexpr std::size_t max_code_files = 262'656;  // tree and host files
inline constexpr std::size_t max_missing_guarantees = 8;

struct LaunchedInstance {
    std::string agent;
    std::string instance;  // random, hex: names it in the ledger, the register and the log
    std::int64_t version = 0;
    Sha256 manifest{};               // digest of the statement: the measurement
    Sha256 tree{};                   // its root
    Sha256 arguments_environment{};  // of what it is really given, see arguments_digest
    Sha256 sandbox{};                // of what it is confined by, see sandbox_text
    attest::Signers signers = attest::Signers::leader;
    bool kill_on_change = true;
    pid_t pid = 0;
    uid_t uid = 0;
    std::uint64_t cgroup = 0;          // its id; 0 where there is none
    std::string cgroup_path;           // as /proc/PID/cgroup shows it
    std::string log;                   // file with what it prints
    std::vector<std::string> missing;  // guarantees that this host cannot give, in words
    Sha256 entrypoint{};
    bool running = false;  // it was released: it executes
    // In this order beside the payload.
    Descriptor pidfd;
    Descriptor view;  // O_PATH of the tree's root in the store
    Descriptor code;  // sealed memory: digests of all files it may map, 32 bytes each, ordered
};
// The descriptors are duplicated, so that both sides keep theirs.
Result<Reply> encode(const LaunchedInstance& instance);
Result<LaunchedInstance> decode_launched(Reply reply);

struct LaunchOrder {
    std::string agent;
    std::string instance;
    std::optional<Sha256> manifest;  // none: the newest version of this agent in the store
    bool allow_downgrade = false;
};
Bytes encode(const LaunchOrder& order);
Result<LaunchOrder> decode_launch_order(ByteView payload);

enum class Ending : std::uint8_t {
    stop = 1,    // SIGTERM, and SIGKILL after stop_patience
    kill = 2,    // every process of it, at once
    freeze = 3,  // every process of it stands still
    thaw = 4,
};
struct EndOrder {
    std::string instance;
    Ending ending = Ending::kill;
};
Bytes encode(const EndOrder& order);
Result<EndOrder> decode_end_order(ByteView payload);

// What the launcher tells without being asked.
struct LaunchNotice {
    enum class Kind : std::uint8_t {
        ended = 1,         // the leader is gone; `detail` says how
        exec_refused = 2,  // the leader tried to become another program
    };
    Kind kind = Kind::ended;
    std::string instance;
    std::string detail;
};
Bytes encode(const LaunchNotice& notice);
Result<LaunchNotice> decode_launch_notice(ByteView payload);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LINK_LAUNCHED_H
