// The envelope: which key, which algorithm, whose signature.
#include "policy/security_event.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/crypto/jwk.h"
#include "core/crypto/jws_signature.h"
#include "core/encode/base64.h"
#include "core/encode/json.h"

namespace holdfast::policy {
namespace {

using encode::Json;

constexpr std::string_view set_type = "secevent+jwt";
constexpr std::array<std::string_view, 3> algorithms = {"ES256", "RS256", "EdDSA"};

Error malformed(std::string_view what) {
    return Error(Code::invalid, "security event: " + std::string(what)).because("set_malformed");
}

Error refused(std::string_view what, std::string reason) {
    return Error(Code::denied, "security event: " + std::string(what)).because(std::move(reason));
}

struct Parts {
    std::string header;
    std::string_view signed_text;  // header "." payload, as it stands there
    std::string payload;
    Bytes signature;
};

Result<std::string> text_in(std::string_view part) {
    auto bytes = encode::from_base64url(part);
    if (!bytes) return malformed("a part is not base64url");
    return std::string(text_of(*bytes));
}

Result<Parts> parts_of(std::string_view token) {
    if (token.size() > max_security_event) return malformed("longer than 16384 bytes");
    const std::size_t first = token.find('.');
    const std::size_t last = token.rfind('.');
    if (first == std::string_view::npos || first == last) return malformed("must have three parts");
    Parts parts;
    HOLDFAST_TRY(header, text_in(token.substr(0, first)));
    // A third dot is outside the alphabet.
    HOLDFAST_TRY(payload, text_in(token.substr(first + 1, last - first - 1)));
    auto signature = encode::from_base64url(token.substr(last + 1));
    if (!signature) return malformed("the signature is not base64url");
    parts.header = std::move(header);
    parts.payload = std::move(payload);
    parts.signature = *std::move(signature);
    parts.signed_text = token.substr(0, last);
    return parts;
}

struct Header {
    std::string alg;
    std::optional<std::string> kid;
};

Result<std::string> word_in(const Json& header, std::string_view name) {
    const Json* value = header.find(name);
    if (value == nullptr || value->string() == nullptr)
        return malformed(std::string(name) + " must be a string");
    return *value->string();
}

// Keys that the token names itself (jwk, jku, x5c, x5u) are nobody's: only pinned ones count.
Result<Header> header_of(std::string_view text) {
    const auto json = encode::parse_json(text, max_security_event);
    if (!json || json->object() == nullptr) return malformed("the header is not a JSON object");
    if (json->find("crit") != nullptr)
        return refused("demands extensions that are not known here", "set_crit");
    HOLDFAST_TRY(alg, word_in(*json, "alg"));
    if (alg == "none") return refused("is not signed", "set_alg_none");
    if (std::ranges::find(algorithms, alg) == algorithms.end())
        return refused("alg must be ES256, RS256 or EdDSA", "set_alg");
    if (json->find("typ") == nullptr) return refused("typ is missing", "set_type");
    HOLDFAST_TRY(type, word_in(*json, "typ"));
    if (type != set_type) return refused("typ must be secevent+jwt", "set_type");
    Header header{std::move(alg), {}};
    if (json->find("kid") == nullptr) return header;
    HOLDFAST_TRY(kid, word_in(*json, "kid"));
    header.kid = std::move(kid);
    return header;
}

bool is_for(const crypto::PublicJwk& key, const Header& header) {
    if (header.kid && key.kid != *header.kid) return false;
    if (!key.alg.empty() && key.alg != header.alg) return false;
    return crypto::algorithm_of(header.alg, key.spki).has_value();
}

Done check_signature(const Parts& parts, const Header& header,
                     const std::vector<crypto::PublicJwk>& keys) {
    bool any = false;
    for (const crypto::PublicJwk& key : keys) {
        if (!is_for(key, header)) continue;
        any = true;
        HOLDFAST_TRY(algorithm, crypto::algorithm_of(header.alg, key.spki));
        const Done verified =
            crypto::verify_jws(algorithm, key.spki, view_of(parts.signed_text), parts.signature);
        if (verified) return verified;
    }
    if (any) return refused("the signature is not of the pinned key", "set_signature");
    return refused("no pinned key has this kid and fits alg " + header.alg, "set_key");
}

}  // namespace

Result<SecurityEvent> verify_security_event(std::string_view token, const EventIssuer& issuer,
                                            std::int64_t now) {
    HOLDFAST_TRY(parts, parts_of(token));
    HOLDFAST_TRY(header, header_of(parts.header));
    HOLDFAST_CHECK(check_signature(parts, header, issuer.keys));
    return read_security_event(parts.payload, issuer, now);
}

}  // namespace holdfast::policy
