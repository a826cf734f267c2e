// Launching, on the admin socket: one struct per request and reply. docs/protocol.md shows both.
#ifndef HOLDFAST_API_LAUNCH_MESSAGES_H
#define HOLDFAST_API_LAUNCH_MESSAGES_H

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/encode/json.h"
#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::api {

struct LaunchRequest {
    std::optional<Sha256> manifest;  // none: the newest version in the store
    bool allow_downgrade = false;
};
Result<LaunchRequest> launch_request(std::string_view body);

// One launched agent that runs.
struct Launch {
    std::string agent;
    std::string instance;
    std::int64_t version = 0;
    Sha256 manifest{};
    Sha256 tree{};
    std::string signers;  // "leader" or "tree"
    std::int64_t pid = 0;
    std::int64_t uid = 0;
    std::uint64_t cgroup = 0;
    std::string log;                   // file with what it prints
    bool session_over = false;         // its code is not what was launched any more
    std::vector<std::string> missing;  // guarantees this host cannot give
};
encode::Json to_json(const Launch& launch);

struct Ending {
    std::string agent, instance;
    std::string how;  // "exit status 0", "signal 9" …
};
encode::Json to_json(const std::vector<Launch>& running, const std::vector<Ending>& ended);

inline constexpr std::size_t max_instance_name = 64;

struct StopRequest {
    std::optional<std::string> instance;  // none: every one of the agent
};
Result<StopRequest> stop_request(std::string_view body);

struct Stopped {
    std::string agent;
    std::vector<std::string> instances;
};
encode::Json to_json(const Stopped& reply);

}  // namespace holdfast::api

#endif  // HOLDFAST_API_LAUNCH_MESSAGES_H
