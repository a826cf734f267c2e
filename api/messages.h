// The agent socket: one struct per request and reply, and their JSON. docs/protocol.md shows both.
#ifndef HOLDFAST_API_MESSAGES_H
#define HOLDFAST_API_MESSAGES_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/encode/json.h"
#include "holdfast/action.h"
#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/evidence.h"
#include "holdfast/measurement.h"
#include "holdfast/result.h"

namespace holdfast::api {

// Requests: strict, unknown members are refused. Errors are invalid, reason "malformed_request".
struct ActionRequest {
    Action action;
    std::string approval;  // the id of one that was asked for before; else empty
};
Result<ActionRequest> action_request(std::string_view body);

struct EvidenceRequest {
    Bytes nonce;  // base64url on the wire, min_nonce to max_nonce bytes
    std::string verifier;
};
Result<EvidenceRequest> evidence_request(std::string_view body);

// An empty body or {}.
Done empty_request(std::string_view body);

// Replies.
struct WhoAmI {
    std::string agent;  // SPIFFE ID
    std::string instance;
    std::string sponsor;
    std::string state;  // "active", "suspended", "revoked"
    std::string key_thumbprint;
    Custody custody = Custody::unproven;
    FuseKind fuse = FuseKind::none;
    Measurement measurement;
    std::vector<std::string> notes;  // what the claims above are not worth
};
encode::Json to_json(const WhoAmI& reply);

struct Credential {
    std::string spiffe_id;
    std::string chain_pem;  // leaf, then CA
    std::string serial;
    std::int64_t not_after = 0;
    std::int64_t renew_after = 0;  // half life
};
encode::Json to_json(const Credential& reply);

struct Signed {
    std::string jws;
    std::uint64_t sequence = 0;
    std::vector<std::string> rules;  // "SET:ID" of the policies that permitted it
};
encode::Json to_json(const Signed& reply);

// Paths are labels: bytes outside printable ASCII are shown as '?'.
encode::Json to_json(const Measurement& measurement);

}  // namespace holdfast::api

#endif  // HOLDFAST_API_MESSAGES_H
