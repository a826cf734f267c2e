// The tombstone: a host's signed word that an agent's key has ended, for whoever meets it later.
#ifndef HOLDFAST_CORE_ENCODE_TOMBSTONE_H
#define HOLDFAST_CORE_ENCODE_TOMBSTONE_H

#include <cstdint>
#include <string>
#include <string_view>

#include "core/encode/json.h"
#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::encode {

inline constexpr std::string_view tombstone_typ = "holdfast-tombstone+jwt";
inline constexpr std::size_t max_tombstone_reason = 512;  // bytes
inline constexpr std::size_t max_tombstone_by = 255;
inline constexpr std::size_t max_tombstone_spki = 1024;

// How far the key's end has come in the chip.
enum class FuseWord : std::uint8_t {
    blown,      // no daemon, disk or owner brings it back
    host_only,  // the chip had no room for a fuse of its own: the host refuses the key
    pending,    // the host refuses the key; the chip has not answered yet
};
std::string_view to_string(FuseWord word) noexcept;

struct Tombstone {
    std::string agent;           // SPIFFE ID
    std::string state;           // "revoked" or "retired"
    Bytes spki;                  // of the key that ended, SubjectPublicKeyInfo, DER
    std::string key_thumbprint;  // RFC 7638, of that key: the kid of what it signed
    FuseWord fuse;
    std::string by;              // who ended it
    std::string reason;          // what they said, or ""
    std::uint64_t sequence = 0;  // of the containment record in the host's ledger
    std::int64_t since = 0;      // its time, Unix seconds
    std::int64_t time = 0;       // when this tombstone was made
};

// The payload of a compact JWS of that typ; docs/verifying.md lists the members. invalid: a member
// that is missing, unknown or out of its bounds. Whether thumbprint and key agree is for whoever
// can compute one.
Json to_json(const Tombstone& tombstone);
Result<Tombstone> tombstone_from(const Json& json);

}  // namespace holdfast::encode

#endif  // HOLDFAST_CORE_ENCODE_TOMBSTONE_H
