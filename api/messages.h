// One struct per request and reply of the agent and admin sockets, and their JSON.
#ifndef HOLDFAST_API_MESSAGES_H
#define HOLDFAST_API_MESSAGES_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/encode/json.h"
#include "holdfast/action.h"
#include "holdfast/bytes.h"
#include "holdfast/evidence.h"
#include "holdfast/result.h"

namespace holdfast::api {

// Requests: strict, unknown members are refused.
Result<Action> action_request(std::string_view body);

struct EvidenceRequest {
    Bytes nonce;  // base64url on the wire
    std::string verifier;
};
Result<EvidenceRequest> evidence_request(std::string_view body);

struct ActivateRequest {
    Bytes blob;    // TPM2B_ID_OBJECT
    Bytes secret;  // TPM2B_ENCRYPTED_SECRET
};
Result<ActivateRequest> activate_request(std::string_view body);

struct ApplyRequest {
    bool dry_run = false;
};
Result<ApplyRequest> apply_request(std::string_view body);

// An empty body or {}.
Done empty_request(std::string_view body);

// Replies.
struct WhoAmI {
    std::string agent;  // SPIFFE ID
    std::string instance;
    std::string sponsor;
    std::string state;  // "active", "suspended", "revoked"
    std::string key_thumbprint;
    Custody custody;
    FuseKind fuse;
    Measurement measurement;
    std::vector<std::string> notes;  // "forgeable by the same uid", "privileges: not separated" …
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
};
encode::Json to_json(const Signed& reply);

}  // namespace holdfast::api

#endif  // HOLDFAST_API_MESSAGES_H
