#include "api/contain_messages.h"

#include <algorithm>

#include "api/request.h"
#include "core/encode/fields.h"

namespace holdfast::api {
namespace {

using encode::Json;

// As daemon/state/agent_state.h bounds it; a handler asks again.
constexpr std::int64_t lowest_rate = 1;
constexpr std::int64_t highest_rate = 600;
constexpr std::size_t max_instance = 128;

// C0 and DEL are bytes of their own; C1 (U+0080 to U+009F) is C2 80 to C2 9F in UTF-8.
bool has_control_characters(std::string_view text) {
    const auto is_control = [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7f;
    };
    if (std::any_of(text.begin(), text.end(), is_control)) return true;
    for (std::size_t at = text.find('\xc2'); at != std::string_view::npos;
         at = text.find('\xc2', at + 1))
        if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xa0) return true;
    return false;
}

Result<std::string> reason_in(encode::Fields& fields) {
    HOLDFAST_TRY(reason, fields.text_or("reason", "", max_reason));
    if (has_control_characters(reason))
        return Error(Code::invalid, "reason: must have no control characters");
    return reason;
}

Result<std::optional<std::int64_t>> rate_in(encode::Fields& fields) {
    if (fields.any("rate") == nullptr) return std::optional<std::int64_t>();
    HOLDFAST_TRY(rate, fields.integer("rate", lowest_rate, highest_rate));
    return std::optional(rate);
}

Result<std::optional<std::string>> text_in(encode::Fields& fields, std::string_view name,
                                           std::size_t max_bytes) {
    if (fields.any(name) == nullptr) return std::optional<std::string>();
    HOLDFAST_TRY(text, fields.text(name, max_bytes));
    if (text.empty()) return Error(Code::invalid, std::string(name) + ": must not be empty");
    return std::optional(std::move(text));
}

Result<StopAgent> read_stop(const Json& json) {
    HOLDFAST_TRY(fields, encode::Fields::of(json, "containment request"));
    HOLDFAST_TRY(reason, reason_in(fields));
    HOLDFAST_TRY(rate, rate_in(fields));
    HOLDFAST_TRY(instance, text_in(fields, "instance", max_instance));
    HOLDFAST_CHECK(fields.finish());
    return StopAgent{std::move(reason), rate, std::move(instance)};
}

Done check_scope(const Contain& request) {
    const int scopes =
        (request.sponsor ? 1 : 0) + (request.environment ? 1 : 0) + (request.host ? 1 : 0);
    if (scopes != 1)
        return Error(Code::invalid, "exactly one of sponsor, environment and host is needed");
    if (request.hardware && !request.host) return Error(Code::invalid, "hardware: only with host");
    if (request.hardware == request.confirm.empty())
        return Error(Code::invalid, "confirm: needed with hardware, and only there");
    return done();
}

Result<Contain> read_contain(const Json& json) {
    HOLDFAST_TRY(fields, encode::Fields::of(json, "contain request"));
    Contain request;
    HOLDFAST_TRY(verb, fields.text("verb", max_verb));
    request.verb = std::move(verb);
    HOLDFAST_TRY(sponsor, text_in(fields, "sponsor", max_scope_name));
    request.sponsor = std::move(sponsor);
    HOLDFAST_TRY(environment, text_in(fields, "environment", max_scope_name));
    request.environment = std::move(environment);
    HOLDFAST_TRY(host, fields.boolean_or("host", false));
    request.host = host;
    HOLDFAST_TRY(hardware, fields.boolean_or("hardware", false));
    request.hardware = hardware;
    HOLDFAST_TRY(confirm, fields.text_or("confirm", "", max_confirm));
    request.confirm = std::move(confirm);
    HOLDFAST_TRY(reason, reason_in(fields));
    request.reason = std::move(reason);
    HOLDFAST_TRY(rate, rate_in(fields));
    request.rate = rate;
    HOLDFAST_CHECK(fields.finish());
    HOLDFAST_CHECK(check_scope(request));
    return request;
}

}  // namespace

Result<StopAgent> stop_agent_request(std::string_view body) {
    if (body.empty()) return StopAgent{};
    return read_request(body, read_stop);
}

Result<Contain> contain_request(std::string_view body) {
    return read_request(body, read_contain);
}

Json to_json(const Contained& reply) {
    Json::Object object;
    object["name"] = reply.name;
    object["stages"] = Json::Object(reply.stages.begin(), reply.stages.end());
    object["state"] = reply.state;
    object["in_force_ns"] = std::to_string(reply.in_force_ns);
    object["last_release_ns"] = std::to_string(reply.last_release_ns);
    if (!reply.instance.empty()) object["instance"] = reply.instance;
    if (!reply.refused.empty()) object["refused"] = reply.refused;
    return object;
}

Json to_json(const ContainedScope& reply) {
    Json::Array agents;
    std::transform(reply.agents.begin(), reply.agents.end(), std::back_inserter(agents),
                   [](const Contained& agent) { return to_json(agent); });
    Json::Object object;
    object["agents"] = std::move(agents);
    object[reply.kind] = reply.name;
    object["verb"] = reply.verb;
    return object;
}

}  // namespace holdfast::api
