// JWS compact serialisation (RFC 7515 §7.1) with the algorithms of our keys, and the action's
// header and payload.
#ifndef HOLDFAST_CORE_ENCODE_JWS_H
#define HOLDFAST_CORE_ENCODE_JWS_H

#include <string>
#include <string_view>
#include <vector>

#include "core/encode/json.h"
#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::encode {

inline constexpr std::string_view action_typ = "holdfast-action+jwt";
inline constexpr std::size_t max_jws = 64UL * 1024;

struct JwsHeader {
    std::string alg;  // what jws_alg() says for one of our algorithms
    std::string typ;
    std::string kid;         // RFC 7638 thumbprint, base64url
    std::vector<Bytes> x5c;  // DER, leaf first (RFC 7515 §4.1.6: plain base64)
};

// BASE64URL(header) "." BASE64URL(payload): what is signed (RFC 7515 §5.1). Canonical JSON.
std::string signing_input(const JwsHeader& header, const Json& payload);
std::string compact(std::string_view signing_input, ByteView raw_signature);

struct Jws {
    JwsHeader header;
    Json payload;
    std::string signing_input;
    Bytes signature;  // as long as some key for that alg makes it: RSA has two sizes
};

// Strict: exactly alg, typ, kid, x5c in the header, an alg of ours, a signature of its size.
// Whether the alg is that of the key is for whoever has the key: crypto::algorithm_of.
Result<Jws> parse_jws(std::string_view text);

// The same for what comes before the last dot.
Result<Jws> parse_signing_input(std::string_view text);

// And for each side of the first dot, the keys worker's view: all actions under one credential have
// the same header, which it need not read again.
struct SigningParts {
    std::string_view header;
    std::string_view payload;
};
Result<SigningParts> signing_parts(std::string_view text);
Result<JwsHeader> parse_jws_header(std::string_view part);
Result<Json> parse_jws_payload(std::string_view part);

}  // namespace holdfast::encode

#endif  // HOLDFAST_CORE_ENCODE_JWS_H
