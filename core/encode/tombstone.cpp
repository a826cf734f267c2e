#include "core/encode/tombstone.h"

#include "core/encode/base64.h"
#include "core/encode/fields.h"
#include "holdfast/agent_id.h"

namespace holdfast::encode {
namespace {

constexpr std::size_t max_word = 32;
constexpr std::size_t max_thumbprint = 64;

Result<FuseWord> fuse_in(Fields& fields) {
    HOLDFAST_TRY(text, fields.text("fuse", max_word));
    for (const FuseWord word : {FuseWord::blown, FuseWord::host_only, FuseWord::pending})
        if (text == to_string(word)) return word;
    return Error(Code::invalid, "tombstone.fuse: blown, host_only or pending");
}

Result<std::string> state_in(Fields& fields) {
    HOLDFAST_TRY(state, fields.text("state", max_word));
    if (state != "revoked" && state != "retired")
        return Error(Code::invalid, "tombstone.state: revoked or retired");
    return state;
}

}  // namespace

std::string_view to_string(FuseWord word) noexcept {
    switch (word) {
        case FuseWord::blown: return "blown";
        case FuseWord::host_only: return "host_only";
        case FuseWord::pending: break;
    }
    return "pending";
}

Json to_json(const Tombstone& tombstone) {
    Json::Object members;
    members["agent"] = tombstone.agent;
    members["by"] = tombstone.by;
    members["fuse"] = to_string(tombstone.fuse);
    members["key_thumbprint"] = tombstone.key_thumbprint;
    members["reason"] = tombstone.reason;
    members["sequence"] = static_cast<std::int64_t>(tombstone.sequence);
    members["since"] = tombstone.since;
    members["spki"] = base64url(tombstone.spki);
    members["state"] = tombstone.state;
    members["time"] = tombstone.time;
    return {std::move(members)};
}

Result<Tombstone> tombstone_from(const Json& json) {
    HOLDFAST_TRY(fields, Fields::of(json, "tombstone"));
    HOLDFAST_TRY(agent, fields.text("agent", max_spiffe_id));
    HOLDFAST_CHECK(parse_agent_id(agent));
    HOLDFAST_TRY(state, state_in(fields));
    HOLDFAST_TRY(spki, fields.base64url("spki", max_tombstone_spki));
    HOLDFAST_TRY(thumbprint, fields.text("key_thumbprint", max_thumbprint));
    HOLDFAST_TRY(fuse, fuse_in(fields));
    HOLDFAST_TRY(by, fields.text("by", max_tombstone_by));
    HOLDFAST_TRY(reason, fields.text("reason", max_tombstone_reason));
    HOLDFAST_TRY(sequence, fields.integer("sequence", 0, max_json_integer));
    HOLDFAST_TRY(since, fields.integer("since", 0, max_json_integer));
    HOLDFAST_TRY(time, fields.integer("time", 0, max_json_integer));
    HOLDFAST_CHECK(fields.finish());
    return Tombstone{.agent = std::move(agent),
                     .state = std::move(state),
                     .spki = std::move(spki),
                     .key_thumbprint = std::move(thumbprint),
                     .fuse = fuse,
                     .by = std::move(by),
                     .reason = std::move(reason),
                     .sequence = static_cast<std::uint64_t>(sequence),
                     .since = since,
                     .time = time};
}

}  // namespace holdfast::encode
