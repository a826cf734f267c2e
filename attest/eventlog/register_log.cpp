#include "attest/eventlog/register_log.h"

#include <algorithm>
#include <array>
#include <limits>

#include "core/encode/base64.h"
#include "core/encode/fields.h"
#include "core/encode/json.h"
#include "holdfast/register.h"

namespace holdfast::attest {
namespace {

using encode::Fields;
using encode::Json;

constexpr std::string_view anchor_label = "holdfast-register-anchor-v1";
constexpr std::size_t max_name = 66;  // nameAlg ‖ SHA-512
constexpr std::size_t max_label = 64;

// How many of these there are depends on what agents do; the others end something.
constexpr std::array starting = {launch_event, std::string_view("exec_refused"),
                                 std::string_view("policy")};
constexpr std::array<std::string_view, 6> ending = {"stop",   "kill",   "suspend",
                                                    "revoke", "retire", "reinstate"};

bool is_one_of(std::span<const std::string_view> list, std::string_view type) {
    return std::ranges::find(list, type) != list.end();
}

std::string type_of(const Json& content) {
    const Json* type = content.find("type");
    return type == nullptr || type->string() == nullptr ? "" : *type->string();
}

Error full(const char* what) {
    return Error(Code::busy, std::string("the register's log is full (") + what +
                                 "): the next boot begins a new one")
        .because("register_full");
}

}  // namespace

Done check_event(std::string_view content) {
    // As the record it will be: one level deeper than by itself.
    HOLDFAST_TRY(record, make_cel_record(1, CelPlace::nv_index, 0, std::string(content)));
    const std::string type = member_of(record, "type");
    if (!is_one_of(starting, type) && !is_one_of(ending, type))
        return Error(Code::invalid, "event: type is none of the register's");
    return done();
}

Done check_room(std::size_t records, std::size_t bytes, std::string_view content) {
    HOLDFAST_TRY(json, encode::parse_json(content, max_cel_content));
    const bool ends = is_one_of(ending, type_of(json));
    const std::size_t kept_records = ends ? 0 : reserved_cel_records;
    const std::size_t kept_bytes = ends ? 0 : reserved_cel_bytes;
    const std::size_t line = content.size() + (max_cel_line - max_cel_content);
    if (records >= max_cel_records - kept_records) return full("events");
    if (bytes + line > max_cel_log - kept_bytes) return full("bytes");
    return done();
}

std::string to_content(const Anchor& anchor) {
    return encode::canonical(
        Json::Object{{"type", anchor_event},
                     {"label", anchor_label},
                     {"name", encode::base64url(anchor.name)},
                     {"value", encode::hex(anchor.value)},
                     {"reset_count", static_cast<std::int64_t>(anchor.reset_count)},
                     {"restart_count", static_cast<std::int64_t>(anchor.restart_count)}});
}

Result<Anchor> anchor_from(std::string_view content) {
    constexpr std::int64_t most = std::numeric_limits<std::uint32_t>::max();
    HOLDFAST_TRY(json, encode::parse_json(content, max_cel_content));
    HOLDFAST_TRY(fields, Fields::of(json, "anchor"));
    HOLDFAST_TRY(type, fields.text("type", max_label));
    HOLDFAST_TRY(label, fields.text("label", max_label));
    if (type != anchor_event || label != anchor_label)
        return Error(Code::invalid, "the log does not begin with an anchor");
    HOLDFAST_TRY(name, fields.base64url("name", max_name));
    HOLDFAST_TRY(value, fields.sha256_hex("value"));
    HOLDFAST_TRY(reset_count, fields.integer("reset_count", 0, most));
    HOLDFAST_TRY(restart_count, fields.integer("restart_count", 0, most));
    HOLDFAST_CHECK(fields.finish());
    return Anchor{.name = std::move(name),
                  .value = value,
                  .reset_count = static_cast<std::uint32_t>(reset_count),
                  .restart_count = static_cast<std::uint32_t>(restart_count)};
}

Result<RegisterLog> read_register_log(std::vector<CelRecord> records) {
    if (records.empty()) return Error(Code::invalid, "the log is empty: it has no anchor");
    const CelRecord& first = records.front();
    if (first.place != CelPlace::pcr || first.index < first_anchor_pcr ||
        first.index > last_anchor_pcr)
        return Error(Code::invalid, "the anchor is not in a PCR of 8 to 15");
    HOLDFAST_TRY(anchor, anchor_from(first.content));
    for (const CelRecord& record : std::span(records).subspan(1)) {
        if (record.place != CelPlace::nv_index || record.index != records[1].index)
            return Error(Code::invalid, "an event is not in the register");
        if (member_of(record, "type") == anchor_event)
            return Error(Code::invalid, "a second anchor in one boot");
    }
    const auto pcr = static_cast<std::uint8_t>(first.index);
    return RegisterLog{.anchor = std::move(anchor), .pcr = pcr, .records = std::move(records)};
}

Result<RegisterLog> read_register_log(std::string_view text) {
    HOLDFAST_TRY(records, parse_cel(text));
    return read_register_log(std::move(records));
}

std::string member_of(const CelRecord& record, std::string_view name) {
    const auto json = encode::parse_json(record.content, max_cel_content);
    const Json* member = json ? json->find(name) : nullptr;
    return member == nullptr || member->string() == nullptr ? "" : *member->string();
}

}  // namespace holdfast::attest
