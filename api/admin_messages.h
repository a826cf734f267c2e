// The admin socket: one struct per request and reply, and their JSON. docs/protocol.md shows both.
#ifndef HOLDFAST_API_ADMIN_MESSAGES_H
#define HOLDFAST_API_ADMIN_MESSAGES_H

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/anchor_messages.h"
#include "api/limit_messages.h"
#include "api/policy_messages.h"
#include "core/encode/json.h"
#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/evidence.h"
#include "holdfast/register.h"
#include "holdfast/result.h"

namespace holdfast::api {

struct ApplyRequest {
    bool dry_run = false;
};
Result<ApplyRequest> apply_request(std::string_view body);

// A TPM2B_ENCRYPTED_SECRET of an RSA-4096 EK is 514 bytes.
inline constexpr std::size_t max_activate_member = 1024;

struct ActivateRequest {
    Bytes blob;    // TPM2B_ID_OBJECT
    Bytes secret;  // TPM2B_ENCRYPTED_SECRET
};
Result<ActivateRequest> activate_request(std::string_view body);

// What an agent file declares, for an agent that is in force.
struct Declaration {
    std::string environment, sponsor, owner, policy_author;
    std::vector<std::string> can_stop;
    std::vector<std::string> approvers;   // of those: operators with a key, who can also approve
    std::optional<std::uint64_t> record;  // sequence of the record that says so
    bool launched = false;                // started by us: then the next two mean nothing
    std::int64_t uid = 0;
    Sha256 executable{};
    std::vector<std::string> manifest_keys;  // fingerprints of who may sign its manifest
    std::int64_t lifetime = 0;               // seconds
    std::vector<PolicySource> policies;      // that can permit it something
    std::vector<LimitUse> limits;
    encode::Json triggers = encode::Json::Object{};  // by name, members as the agent file has them
};

struct Agent {
    std::string name;
    std::string spiffe_id;
    std::string state;
    std::string changed_by;
    std::string reason;                // what was said when it got into that state
    std::int64_t rate = 0;             // throttled: actions a minute
    std::vector<std::string> pending;  // containment stages not yet durable
    std::string key_id, key_thumbprint;
    Backend backend = Backend::tpm;
    KeyAlgorithm algorithm = KeyAlgorithm::es256;
    std::string custody;  // empty while the keys worker never answered
    std::string token;    // serial number; empty in a TPM
    FuseKind fuse = FuseKind::none;
    std::uint32_t fuse_index = 0;  // NV index; 0 without one
    Sha256 file_digest{};
    std::string log;  // what its instances print; empty unless it is launched by us
    std::optional<Declaration> declared;  // none: its file is missing or was changed since `apply`
};
encode::Json to_json(const Agent& agent);
encode::Json to_json(const std::vector<Agent>& agents);

struct Change {
    std::string name;
    std::string change;  // "created", "changed", "unchanged", "vanished", "reappeared"
    std::string state;   // after it
};
struct Applied {
    bool dry_run = false;
    std::vector<Change> changes;
    std::vector<PolicyChange> policies;
};
encode::Json to_json(const Applied& reply);

struct Status {
    std::string version;
    std::string trust_domain;
    std::string privileges;    // "separated" or "not separated"
    std::string custody;       // empty while the keys worker never answered
    std::string manufacturer;  // of the chip; of the token on a host without a TPM
    // On a host with a PKCS#11 token: what its worker says of it, or why it says nothing.
    struct Token {
        std::string name;  // label and serial number; empty while the worker never answered
        std::string manufacturer, custody, trouble;
        std::vector<std::string> algorithms;
    };
    std::optional<Token> token;
    // The host as a whole: its state, who changed it and why.
    struct Host {
        std::string state, changed_by, reason;
        std::vector<std::string> pending;
    };
    Host host;
    LedgerHead ledger;
    bool ledger_failed = false;
    std::optional<Anchor> anchor;                  // the anchor counter, nothing of the register
    std::optional<RegisterStatus> event_register;  // as last heard of; nothing before that
    std::map<std::string, std::int64_t> agents;    // state → how many
    std::map<std::string, std::string> links;      // worker → "attached", "replacing"
    std::vector<std::string> unsettled;            // agents with unfinished containment
    std::map<std::string, std::int64_t> protocol;  // version numbers: {"api": 1}
};
encode::Json to_json(const Status& reply);

struct Head {
    LedgerHead head;
    std::string checkpoint;  // C2SP signed note; empty in the reply of resume
    std::string key_pem;     // the ledger key's SubjectPublicKeyInfo; empty in the reply of resume
};
encode::Json to_json(const Head& reply);

struct EnrollHost {
    std::string trust_domain;
    std::string custody;
    std::string manufacturer;
    std::vector<std::string> ek_certificates;  // PEM, leaf first
    Bytes ek_public;                           // TPMT_PUBLIC
    Bytes ak_public;                           // TPMT_PUBLIC
};
encode::Json to_json(const EnrollHost& reply);

struct Activated {
    Bytes secret;
};
encode::Json to_json(const Activated& reply);

}  // namespace holdfast::api

#endif  // HOLDFAST_API_ADMIN_MESSAGES_H
