// Action: a typed statement an agent wants signed, and the statement the daemon makes of it.
#ifndef HOLDFAST_ACTION_H
#define HOLDFAST_ACTION_H

#include <cstdint>
#include <optional>
#include <string>

#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/measurement.h"

namespace holdfast {

inline constexpr std::size_t max_action_name = 128;
inline constexpr std::size_t max_audience = 512;
inline constexpr std::size_t max_resource = 1024;
inline constexpr std::size_t max_on_behalf_of = 255;

// What the agent says. Exactly one of params and params_sha256 may be there.
struct Action {
    std::string action;    // "refund.create": lower-case words joined by '.', '_' or '-'
    std::string audience;  // who is meant to act on it; a URI or a host name
    std::string resource;  // what it acts upon; may be empty
    std::string params;    // canonical JSON object (RFC 8785), or empty
    std::optional<Sha256> params_sha256;
    std::string on_behalf_of;  // the human or service behind it, as the agent claims; may be empty
    friend bool operator==(const Action&, const Action&) = default;
};

// What the daemon adds. All of it is inside the signature.
struct Statement {
    Action action;
    std::string agent;     // SPIFFE ID
    std::string instance;  // this running process, for the ledger
    std::string sponsor;
    Sha256 measurement{};
    Assurance assurance = Assurance::observed;
    Custody custody = Custody::unproven;
    FuseKind fuse = FuseKind::none;
    std::int64_t time = 0;       // Unix seconds, UTC
    std::uint64_t sequence = 0;  // index in the host's ledger
    std::string decision;        // "permit"
    std::string rule;            // which rule decided: "payments:refunds"
};

}  // namespace holdfast

#endif  // HOLDFAST_ACTION_H
