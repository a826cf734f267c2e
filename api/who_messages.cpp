#include "api/who_messages.h"

#include "api/request.h"
#include "core/encode/fields.h"

namespace holdfast::api {
namespace {

Result<WhoRequest> read_who(const encode::Json& json) {
    HOLDFAST_TRY(fields, encode::Fields::of(json, "who request"));
    HOLDFAST_TRY(sequence, fields.integer("sequence", 0, encode::max_json_integer));
    HOLDFAST_CHECK(fields.finish());
    return WhoRequest{static_cast<std::uint64_t>(sequence)};
}

encode::Json texts(const std::vector<std::string>& all) {
    return encode::Json::Array(all.begin(), all.end());
}

}  // namespace

Result<WhoRequest> who_request(std::string_view body) {
    return read_request(body, read_who);
}

encode::Json to_json(const Who& who) {
    encode::Json::Object object;
    object["agent"] = who.agent;
    object["can_stop"] = texts(who.can_stop);
    object["declared"] = static_cast<std::int64_t>(who.declared);
    object["owner"] = who.owner;
    object["policy_author"] = who.policy_author;
    object["sequence"] = static_cast<std::int64_t>(who.sequence);
    object["sponsor"] = who.sponsor;
    object["time"] = who.time;
    object["type"] = who.type;
    if (!who.approved_by.empty()) object["approved_by"] = texts(who.approved_by);
    if (!who.stopped_by.empty()) object["stopped_by"] = who.stopped_by;
    return object;
}

}  // namespace holdfast::api
