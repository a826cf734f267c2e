// Stopping agents, on the admin socket: requests and replies. docs/protocol.md shows both.
#ifndef HOLDFAST_API_CONTAIN_MESSAGES_H
#define HOLDFAST_API_CONTAIN_MESSAGES_H

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/encode/json.h"
#include "holdfast/result.h"

namespace holdfast::api {

inline constexpr std::size_t max_reason = 512;      // bytes of UTF-8
inline constexpr std::size_t max_confirm = 255;     // a trust domain's length (SPIFFE ID, 2.1)
inline constexpr std::size_t max_scope_name = 255;  // a sponsor or an environment
inline constexpr std::size_t max_verb = 32;

// POST /v1/agents/{name}/VERB. An empty body is one without members. invalid, malformed_request:
// a reason that is too long or has control characters (C0, DEL, C1), a rate out of its bounds.
struct StopAgent {
    std::string reason;
    std::optional<std::int64_t> rate;  // actions a minute
    std::optional<std::string> instance;
};
Result<StopAgent> stop_agent_request(std::string_view body);

// POST /v1/contain. Exactly one of sponsor, environment and host.
struct Contain {
    std::string verb;
    std::optional<std::string> sponsor, environment;
    bool host = false;
    bool hardware = false;
    std::string confirm;  // hardware: the host's trust domain
    std::string reason;
    std::optional<std::int64_t> rate;
};
Result<Contain> contain_request(std::string_view body);

// Nanoseconds of CLOCK_MONOTONIC travel as decimal text: after 104 days of uptime they are more
// than a JSON number may be (RFC 8259 §6).
struct Contained {
    std::string name;                           // agent, or "" for the host
    std::string state;                          // after it
    std::map<std::string, std::string> stages;  // "memory", "ledger", "fuse", "blob" → "done" …
    std::int64_t in_force_ns = 0;               // when it came into force in memory
    std::int64_t last_release_ns = 0;           // when the last gated answer left; 0: none
    std::string instance;                       // an instance's stop
    std::string refused;                        // in a scope: why this one stays as it is
};
encode::Json to_json(const Contained& reply);

// The scope's members as the request had them, and every agent in it.
struct ContainedScope {
    std::string verb;
    std::string kind, name;  // "sponsor" or "environment", and which
    std::vector<Contained> agents;
};
encode::Json to_json(const ContainedScope& reply);

}  // namespace holdfast::api

#endif  // HOLDFAST_API_CONTAIN_MESSAGES_H
