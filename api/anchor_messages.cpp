#include "api/anchor_messages.h"

#include <utility>

#include "api/printable.h"
#include "api/request.h"
#include "core/encode/fields.h"

namespace holdfast::api {
namespace {

Result<AnchorAccept> read_accept(const encode::Json& json) {
    HOLDFAST_TRY(fields, encode::Fields::of(json, "anchor accept request"));
    HOLDFAST_TRY(reason, fields.text("reason", max_anchor_reason));
    HOLDFAST_CHECK(fields.finish());
    return AnchorAccept{std::move(reason)};
}

}  // namespace

Result<AnchorAccept> anchor_accept_request(std::string_view body) {
    return read_request(body, read_accept);
}

encode::Json to_json(const Anchor& anchor) {
    encode::Json::Object object;
    object["state"] = anchor.state;
    object["counter"] = static_cast<std::int64_t>(anchor.counter);
    object["recorded"] = static_cast<std::int64_t>(anchor.recorded);
    if (!anchor.reason.empty()) object["reason"] = printable(anchor.reason);
    return object;
}

}  // namespace holdfast::api
