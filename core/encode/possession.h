// The possession statement: a key that no TPM speaks for answers a verifier's challenge itself.
#ifndef HOLDFAST_CORE_ENCODE_POSSESSION_H
#define HOLDFAST_CORE_ENCODE_POSSESSION_H

#include <optional>
#include <string>
#include <string_view>

#include "core/encode/json.h"
#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/result.h"

namespace holdfast::encode {

inline constexpr std::string_view possession_typ = "holdfast-possession+jwt";

struct Possession {
    std::string agent;  // SPIFFE ID
    // SHA-256 of the attestation key's TPMT_PUBLIC; nothing on a host without a TPM. Whoever takes
    // a TPM's statements away from evidence, or puts another's there, has this key against him.
    std::optional<Sha256> ak;
    Sha256 challenge{};
    Custody custody;  // as the key is described where it is kept: its keys worker compares
    std::string verifier;
};

// The payload of a compact JWS of that typ; docs/verifying.md lists the members.
Json to_json(const Possession& possession);
Result<Possession> possession_from(const Json& json);

}  // namespace holdfast::encode

#endif  // HOLDFAST_CORE_ENCODE_POSSESSION_H
