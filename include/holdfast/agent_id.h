// AgentId: a declared agent on one host, spiffe://<host>.<domain>/agent/<name>.
#ifndef HOLDFAST_AGENT_ID_H
#define HOLDFAST_AGENT_ID_H

#include <string>
#include <string_view>

#include "holdfast/result.h"

namespace holdfast {

// Bounds: SPIFFE-ID (§2.1, §2.3) allows 255 bytes of trust domain and 2048 of URI.
inline constexpr std::size_t max_trust_domain = 255;
inline constexpr std::size_t max_spiffe_id = 2048;
inline constexpr std::size_t max_agent_name = 63;

struct AgentId {
    std::string trust_domain;  // "<host>.<domain>": lower-case letters, digits, '.', '-', '_'
    std::string name;          // lower-case letters, digits and inner '-', starts with a letter

    std::string uri() const;
    friend bool operator==(const AgentId&, const AgentId&) = default;
};

Done check_agent_name(std::string_view name);
Done check_trust_domain(std::string_view trust_domain);

// Exactly the form above: no port, query, fragment, escape or further segment.
Result<AgentId> parse_agent_id(std::string_view uri);

}  // namespace holdfast

#endif  // HOLDFAST_AGENT_ID_H
