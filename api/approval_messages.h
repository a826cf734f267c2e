// Approvals on both sockets: one struct per request and reply. docs/protocol.md shows both.
#ifndef HOLDFAST_API_APPROVAL_MESSAGES_H
#define HOLDFAST_API_APPROVAL_MESSAGES_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/encode/json.h"
#include "holdfast/result.h"

namespace holdfast::api {

inline constexpr std::int64_t max_approval_wait = 60;  // seconds
inline constexpr std::size_t max_armored_approval = 3072;
inline constexpr std::size_t max_denial = 255;

// An agent's.
struct WaitRequest {
    std::int64_t wait_s = 0;  // so long at most, until it is decided; 0: answer at once
};
Result<WaitRequest> wait_request(std::string_view body);

// An operator's.
struct ApproveRequest {
    std::string signature;  // armored SSHSIG
};
Result<ApproveRequest> approve_request(std::string_view body);
struct DenyRequest {
    std::string reason;  // may be empty
};
Result<DenyRequest> deny_request(std::string_view body);

// One approval, as whoever asks may see it.
struct Approval {
    std::string id;
    std::string state;  // "pending", "approved", "denied", "used", "expired"
    std::int64_t expires = 0;
    std::int64_t needed = 0;               // so many different operators
    std::vector<std::string> approved_by;  // agents are told how many these are
    std::string denied_by, reason;         // of a denied one
    std::string agent, action, audience;   // for operators
    encode::Json approvers;                // a group or names; for operators
    std::string document;                  // the exact bytes to sign; empty in lists
};
encode::Json for_agent(const Approval& approval);
encode::Json for_operator(const Approval& approval);
encode::Json for_operator(const std::vector<Approval>& approvals);

}  // namespace holdfast::api

#endif  // HOLDFAST_API_APPROVAL_MESSAGES_H
