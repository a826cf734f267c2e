// DSSE v1 (secure-systems-lab/dsse): a payload with its type, and signatures over both.
#ifndef HOLDFAST_CORE_ENCODE_DSSE_H
#define HOLDFAST_CORE_ENCODE_DSSE_H

#include <string>
#include <string_view>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::encode {

inline constexpr std::size_t max_dsse_signatures = 16;
inline constexpr std::size_t max_dsse_key_id = 256;
inline constexpr std::size_t max_dsse_signature = 16UL * 1024;
inline constexpr std::size_t max_dsse_payload_type = 256;

struct DsseSignature {
    std::string key_id;  // a hint, covered by no signature; may be empty
    Bytes signature;
};

struct Dsse {
    std::string payload_type;
    Bytes payload;
    std::vector<DsseSignature> signatures;
};

// Stricter than the specification, so that an envelope has one form: no unknown members, standard
// base64 only, at least one signature.
Result<Dsse> parse_dsse(std::string_view json, std::size_t max_bytes);

// Canonical JSON (RFC 8785).
std::string to_json(const Dsse& envelope);

// What is signed: the pre-authentication encoding, "DSSEv1 LEN TYPE LEN PAYLOAD".
Bytes dsse_signed_bytes(std::string_view payload_type, ByteView payload);

}  // namespace holdfast::encode

#endif  // HOLDFAST_CORE_ENCODE_DSSE_H
