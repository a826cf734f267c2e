// The claims: from whom, for whom, of when, and about whom.
#include <algorithm>
#include <array>
#include <utility>

#include "core/encode/json.h"
#include "policy/security_event.h"

namespace holdfast::policy {
namespace {

using encode::Json;

struct Known {
    std::string_view uri;
    std::string_view name;
};
constexpr std::array<Known, 2> known_events = {{
    {"https://schemas.openid.net/secevent/caep/event-type/session-revoked", "session-revoked"},
    {"https://schemas.openid.net/secevent/risc/event-type/account-disabled", "account-disabled"},
}};
struct Format {
    std::string_view name;
    std::string_view member;
};
// RFC 9493 §3.2.7, §3.2.4, §3.2.2.
constexpr std::array<Format, 3> formats = {{{"uri", "uri"}, {"opaque", "id"}, {"email", "email"}}};

Error malformed(std::string_view what) {
    return Error(Code::invalid, "security event: " + std::string(what)).because("set_malformed");
}

Error refused(std::string_view what, std::string reason) {
    return Error(Code::denied, "security event: " + std::string(what)).because(std::move(reason));
}

// They are recorded and shown: no control characters.
bool is_plain(std::string_view text) noexcept {
    return std::ranges::all_of(
        text, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

Result<std::string> text_in(const Json& object, std::string_view name, std::size_t max_bytes) {
    const Json* value = object.find(name);
    const std::string* text = value == nullptr ? nullptr : value->string();
    if (text == nullptr || text->empty() || text->size() > max_bytes || !is_plain(*text))
        return malformed(std::string(name) + " must be a text of at most " +
                         std::to_string(max_bytes) + " bytes");
    return *text;
}

// RFC 7519 §4.1.3: a string, or an array of them.
Done check_audience(const Json& claims, const std::string& wanted) {
    const Json* aud = claims.find("aud");
    if (aud == nullptr) return malformed("aud is missing");
    if (aud->string() != nullptr && *aud->string() == wanted) return done();
    const bool is_among =
        aud->array() != nullptr && std::ranges::any_of(*aud->array(), [&](const Json& one) {
            return one.string() != nullptr && *one.string() == wanted;
        });
    return is_among ? done() : Done(refused("is for another audience", "set_audience"));
}

Result<std::int64_t> time_in(const Json& claims, std::int64_t now) {
    const Json* iat = claims.find("iat");
    if (iat == nullptr || iat->integer() == nullptr) return malformed("iat must be an integer");
    const std::int64_t issued = *iat->integer();
    if (issued > now + max_event_ahead) return refused("was issued in the future", "set_time");
    if (issued < now - max_event_age) return refused("is older than a week", "set_time");
    return issued;
}

Result<std::string> event_in(const Json& claims) {
    const Json* events = claims.find("events");
    if (events == nullptr || events->object() == nullptr)
        return malformed("events must be an object");
    for (const Known& known : known_events) {
        const Json* payload = events->find(known.uri);
        if (payload == nullptr) continue;
        if (payload->object() == nullptr) return malformed("an event must be an object");
        return std::string(known.name);
    }
    return refused("is neither session-revoked nor account-disabled", "set_event");
}

Done read_subject(const Json& claims, SecurityEvent& event) {
    const Json* subject = claims.find("sub_id");
    if (subject == nullptr || subject->object() == nullptr)
        return refused("sub_id is missing", "set_subject");
    const Json* format = subject->find("format");
    for (const Format& known : formats) {
        if (format == nullptr || format->string() == nullptr || *format->string() != known.name)
            continue;
        HOLDFAST_TRY(text, text_in(*subject, known.member, max_event_subject));
        event.format = known.name;
        event.subject = std::move(text);
        return done();
    }
    return refused("the format of sub_id must be uri, opaque or email", "set_subject");
}

}  // namespace

Result<SecurityEvent> read_security_event(std::string_view payload, const EventIssuer& issuer,
                                          std::int64_t now) {
    const auto claims = encode::parse_json(payload, max_security_event);
    if (!claims || claims->object() == nullptr)
        return malformed("the payload is not a JSON object");
    HOLDFAST_TRY(iss, text_in(*claims, "iss", max_event_subject));
    if (iss != issuer.issuer) return refused("is of another issuer", "set_issuer");
    HOLDFAST_CHECK(check_audience(*claims, issuer.audience));
    HOLDFAST_TRY(issued, time_in(*claims, now));
    HOLDFAST_TRY(id, text_in(*claims, "jti", max_event_id));
    HOLDFAST_TRY(event, event_in(*claims));
    SecurityEvent read;
    HOLDFAST_CHECK(read_subject(*claims, read));
    read.id = std::move(id);
    read.issued = issued;
    read.event = std::move(event);
    return read;
}

}  // namespace holdfast::policy
