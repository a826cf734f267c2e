#include "holdfast/agent_id.h"

#include <algorithm>

namespace holdfast {
namespace {

constexpr std::string_view scheme = "spiffe://";
constexpr std::string_view agent_path = "/agent/";

bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace

std::string AgentId::uri() const {
    std::string uri(scheme);
    uri.append(trust_domain).append(agent_path).append(name);
    return uri;
}

Done check_agent_name(std::string_view name) {
    if (name.empty() || name.size() > max_agent_name)
        return Error(Code::invalid, "agent name: must have 1 to " + std::to_string(max_agent_name) +
                                        " characters");
    const bool alphabet = std::all_of(
        name.begin(), name.end(), [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
    if (!alphabet || !is_lower(name.front()) || name.back() == '-')
        return Error(Code::invalid,
                     "agent name: lower-case letters, digits and inner '-' only, a letter first");
    return done();
}

Done check_trust_domain(std::string_view trust_domain) {
    if (trust_domain.empty() || trust_domain.size() > max_trust_domain)
        return Error(Code::invalid, "trust domain: must have 1 to " +
                                        std::to_string(max_trust_domain) + " characters");
    const bool alphabet = std::all_of(trust_domain.begin(), trust_domain.end(), [](char c) {
        return is_lower(c) || is_digit(c) || c == '.' || c == '-' || c == '_';
    });
    if (!alphabet)
        return Error(Code::invalid, "trust domain: lower-case letters, digits, '.', '-', '_' only");
    // A leading dot would turn the CA's name constraint from one host into all hosts below it
    // (RFC 5280 §4.2.1.10).
    if (trust_domain.front() == '.' || trust_domain.back() == '.' ||
        trust_domain.find("..") != std::string_view::npos)
        return Error(Code::invalid, "trust domain: no empty label");
    return done();
}

Result<AgentId> parse_agent_id(std::string_view uri) {
    const auto wrong = [](std::string_view why) {
        return Error(Code::invalid, "SPIFFE ID: " + std::string(why));
    };
    if (!uri.starts_with(scheme)) return wrong("must start with spiffe://");
    uri.remove_prefix(scheme.size());
    const std::size_t slash = uri.find('/');
    if (slash == std::string_view::npos || !uri.substr(slash).starts_with(agent_path))
        return wrong("path must be /agent/<name>");
    AgentId id{std::string(uri.substr(0, slash)),
               std::string(uri.substr(slash + agent_path.size()))};
    HOLDFAST_CHECK(check_trust_domain(id.trust_domain));
    HOLDFAST_CHECK(check_agent_name(id.name));
    return id;
}

}  // namespace holdfast
