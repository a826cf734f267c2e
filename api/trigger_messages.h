// What sets off triggers on the admin socket, or keeps one from it: requests and replies.
#ifndef HOLDFAST_API_TRIGGER_MESSAGES_H
#define HOLDFAST_API_TRIGGER_MESSAGES_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/encode/json.h"
#include "holdfast/result.h"

namespace holdfast::api {

// POST /v1/heartbeat, which takes an empty request.
struct Heartbeat {
    struct Agent {
        std::string name;
        std::string state;
        std::int64_t every = 0;  // seconds that may pass until the next one
    };
    std::int64_t at = 0;        // Unix seconds
    std::vector<Agent> agents;  // who waits for them
};
encode::Json to_json(const Heartbeat& reply);

inline constexpr std::size_t max_event_token = 16UL * 1024;

// POST /v1/security-events.
struct SecurityEventRequest {
    std::string token;  // compact JWS (RFC 8417)
};
Result<SecurityEventRequest> security_event_request(std::string_view body);

struct SecurityEventTaken {
    struct Agent {
        std::string name;
        std::string state;     // after it
        bool stopped = false;  // by this event; false: it was stopped as strictly before
    };
    std::string event;
    std::string subject;
    std::vector<Agent> agents;
};
encode::Json to_json(const SecurityEventTaken& reply);

}  // namespace holdfast::api

#endif  // HOLDFAST_API_TRIGGER_MESSAGES_H
