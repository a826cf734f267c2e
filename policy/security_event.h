// Security event tokens (RFC 8417) that say an agent, or its sponsor, is not to be trusted any
// more.
#ifndef HOLDFAST_POLICY_SECURITY_EVENT_H
#define HOLDFAST_POLICY_SECURITY_EVENT_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/crypto/jwk_set.h"
#include "holdfast/result.h"

namespace holdfast::policy {

inline constexpr std::size_t max_security_event = 16UL * 1024;  // the compact JWS
inline constexpr std::size_t max_event_id = 255;                // jti
inline constexpr std::size_t max_event_subject = 1024;
inline constexpr std::int64_t max_event_age = 604'800;  // seconds since iat: a week
inline constexpr std::int64_t max_event_ahead = 60;     // iat of a clock that is a little fast

// Whose tokens count, and for whom they must be: pinned by an operator.
struct EventIssuer {
    std::string issuer;
    std::string audience;
    std::vector<crypto::PublicJwk> keys;
};

struct SecurityEvent {
    std::string id;           // jti
    std::int64_t issued = 0;  // iat, Unix seconds
    std::string event;        // "session-revoked" (CAEP 1.0 §3.1), "account-disabled" (RISC §2.4)
    std::string format;       // of the subject (RFC 9493 §3.2): "uri", "opaque" or "email"
    std::string subject;      // a SPIFFE ID, or who answers for agents
};

// Signature first: nothing of the payload is read before it. invalid, set_malformed: no compact JWS
// of that size, or JSON with a name twice. denied, each by its name:
//   set_type        typ is not secevent+jwt (RFC 8417 §2.3): a token made for something else
//   set_alg_none    nobody signed it
//   set_alg         another algorithm than ES256, RS256 and EdDSA (HMAC would sign by a public key)
//   set_crit        says that it must not be understood without extensions (RFC 7515 §4.1.11)
//   set_key         no pinned key has this kid and fits this alg
//   set_signature   and none of those made this signature
Result<SecurityEvent> verify_security_event(std::string_view token, const EventIssuer& issuer,
                                            std::int64_t now);

// The payload, by itself. denied:
//   set_issuer, set_audience   of somebody else, or for somebody else
//   set_time        iat is older than max_event_age, or ahead
//   set_event       none of the two events
//   set_subject     sub_id is none of the three formats
// invalid, set_malformed: a claim is missing or of another type.
Result<SecurityEvent> read_security_event(std::string_view payload, const EventIssuer& issuer,
                                          std::int64_t now);

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_SECURITY_EVENT_H
