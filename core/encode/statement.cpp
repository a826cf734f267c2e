#include "core/encode/statement.h"

#include <algorithm>

#include "core/encode/base64.h"
#include "core/encode/fields.h"
#include "core/encode/utf8.h"
#include "holdfast/agent_id.h"

namespace holdfast::encode {
namespace {

constexpr std::size_t max_word = 32;  // assurance, custody, fuse, decision

Error malformed(std::string_view member, std::string_view why) {
    return Error(Code::invalid, std::string(member) + ": " + std::string(why))
        .because("malformed_request");
}

Done check_length(std::string_view member, std::string_view text, std::size_t max) {
    if (text.size() > max)
        return malformed(member, "longer than " + std::to_string(max) + " bytes");
    return done();
}

bool is_word_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

// What a URI or a host name is written with (RFC 3986 §2): visible ASCII without <>"\^`{|}.
bool is_uri_character(char c) {
    return c > ' ' && c < 0x7f && std::string_view("<>\"\\^`{|}").find(c) == std::string_view::npos;
}

// Shown to people and written to logs: no control characters, so nothing can pass for a new line.
Done check_text(std::string_view member, std::string_view text, std::size_t max) {
    HOLDFAST_CHECK(check_length(member, text, max));
    const bool control = std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
    if (control || !is_utf8(text))
        return malformed(member, "must be UTF-8 without control characters");
    return done();
}

// NOLINTNEXTLINE(misc-no-recursion): the reader stopped at max_json_depth.
std::size_t depth_of(const Json& value) {
    std::size_t deepest = 0;
    if (const auto* array = value.array()) {
        for (const Json& element : *array)
            deepest = std::max(deepest, depth_of(element));
        return deepest + 1;
    }
    if (const auto* object = value.object()) {
        for (const auto& [name, element] : *object)
            deepest = std::max(deepest, depth_of(element));
        return deepest + 1;
    }
    return 0;
}

Done check_params(const Action& action) {
    if (action.params.empty()) return done();
    if (action.params_sha256)
        return malformed("params", "either params or params_sha256, not both");
    HOLDFAST_CHECK(check_length("params", action.params, max_params));
    auto json = parse_json(action.params);
    if (!json) return malformed("params", json.error().text());
    if (json->object() == nullptr) return malformed("params", "must be an object");
    if (depth_of(*json) > max_params_depth) return malformed("params", "nested too deeply");
    if (canonical(*json) != action.params) return malformed("params", "must be canonical JSON");
    return done();
}

template <class T>
Result<T> word(Fields& fields, std::string_view name, Result<T> (*parse)(std::string_view)) {
    HOLDFAST_TRY(text, fields.text(name, max_word));
    return parse(text);
}

// Who, with which code and key: what the daemon says of the caller.
Done read_posture(Fields& fields, Statement& statement) {
    HOLDFAST_TRY(agent, fields.text("agent", max_spiffe_id));
    HOLDFAST_CHECK(parse_agent_id(agent));
    HOLDFAST_TRY(instance, fields.text("instance", max_instance));
    HOLDFAST_TRY(sponsor, fields.text("sponsor", max_sponsor));
    HOLDFAST_TRY(measurement, fields.sha256_hex("measurement"));
    HOLDFAST_TRY(assurance, word(fields, "assurance", parse_assurance));
    HOLDFAST_TRY(custody, word(fields, "custody", parse_custody));
    HOLDFAST_TRY(fuse, word(fields, "fuse", parse_fuse_kind));
    statement.agent = std::move(agent);
    statement.instance = std::move(instance);
    statement.sponsor = std::move(sponsor);
    statement.measurement = measurement;
    statement.assurance = assurance;
    statement.custody = custody;
    statement.fuse = fuse;
    return done();
}

Done read_decision(Fields& fields, Statement& statement) {
    HOLDFAST_TRY(time, fields.integer("time", 0, max_json_integer));
    HOLDFAST_TRY(sequence, fields.integer("sequence", 0, max_json_integer));
    HOLDFAST_TRY(decision, fields.text("decision", max_word));
    HOLDFAST_TRY(rule, fields.text("rule", max_rule));
    if (decision != "permit") return Error(Code::invalid, "decision: only a permit is signed");
    statement.time = time;
    statement.sequence = static_cast<std::uint64_t>(sequence);
    statement.decision = std::move(decision);
    statement.rule = std::move(rule);
    return done();
}

}  // namespace

bool is_action_name(std::string_view name) noexcept {
    if (name.empty() || name.front() < 'a' || name.front() > 'z') return false;
    bool joined = false;
    for (const char c : name) {
        const bool joint = c == '.' || c == '_' || c == '-';
        if (!joint && !is_word_character(c)) return false;
        if (joint && joined) return false;
        joined = joint;
    }
    return !joined;
}

bool is_audience(std::string_view audience) noexcept {
    return !audience.empty() && std::all_of(audience.begin(), audience.end(), is_uri_character);
}

Json::Object members_of(const Action& action) {
    Json::Object members{{"action", action.action}, {"audience", action.audience}};
    if (!action.resource.empty()) members.emplace("resource", action.resource);
    if (!action.on_behalf_of.empty()) members.emplace("on_behalf_of", action.on_behalf_of);
    if (action.params_sha256) members.emplace("params_sha256", hex(*action.params_sha256));
    // check_action has seen that params can be read; what it did not see must not pass for params.
    if (auto params = parse_json(action.params); params && !action.params.empty())
        members.emplace("params", *std::move(params));
    return members;
}

Result<Action> action_from(Fields& fields) {
    Action action;
    HOLDFAST_TRY(name, fields.text("action", max_action_name));
    HOLDFAST_TRY(audience, fields.text("audience", max_audience));
    HOLDFAST_TRY(resource, fields.text_or("resource", "", max_resource));
    HOLDFAST_TRY(on_behalf_of, fields.text_or("on_behalf_of", "", max_on_behalf_of));
    if (const Json* params = fields.any("params")) action.params = canonical(*params);
    if (fields.any("params_sha256") != nullptr) {
        HOLDFAST_TRY(digest, fields.sha256_hex("params_sha256"));
        action.params_sha256 = digest;
    }
    action.action = std::move(name);
    action.audience = std::move(audience);
    action.resource = std::move(resource);
    action.on_behalf_of = std::move(on_behalf_of);
    HOLDFAST_CHECK(check_action(action));
    return action;
}

Json to_json(const Statement& statement) {
    Json::Object members{{"agent", statement.agent},
                         {"assurance", to_string(statement.assurance)},
                         {"custody", to_string(statement.custody)},
                         {"decision", statement.decision},
                         {"fuse", to_string(statement.fuse)},
                         {"instance", statement.instance},
                         {"measurement", hex(statement.measurement)},
                         {"rule", statement.rule},
                         {"sequence", static_cast<std::int64_t>(statement.sequence)},
                         {"sponsor", statement.sponsor},
                         {"time", statement.time}};
    members.merge(members_of(statement.action));
    return {std::move(members)};
}

Result<Statement> statement_from(const Json& json) {
    HOLDFAST_TRY(fields, Fields::of(json, "statement"));
    Statement statement;
    HOLDFAST_TRY(action, action_from(fields));
    statement.action = std::move(action);
    HOLDFAST_CHECK(read_posture(fields, statement));
    HOLDFAST_CHECK(read_decision(fields, statement));
    HOLDFAST_CHECK(fields.finish());
    return statement;
}

Done check_action(const Action& action) {
    HOLDFAST_CHECK(check_length("action", action.action, max_action_name));
    HOLDFAST_CHECK(check_length("audience", action.audience, max_audience));
    if (!is_action_name(action.action))
        return malformed("action", "must be lower-case words joined by '.', '_' or '-'");
    if (!is_audience(action.audience)) return malformed("audience", "must be a URI or a host name");
    HOLDFAST_CHECK(check_text("resource", action.resource, max_resource));
    HOLDFAST_CHECK(check_text("on_behalf_of", action.on_behalf_of, max_on_behalf_of));
    return check_params(action);
}

}  // namespace holdfast::encode
