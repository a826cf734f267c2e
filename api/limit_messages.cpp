#include "api/limit_messages.h"

#include <algorithm>

namespace holdfast::api {
namespace {

using encode::Json;

Json number(std::uint64_t value) {
    constexpr auto most = static_cast<std::uint64_t>(encode::max_json_integer);
    return {static_cast<std::int64_t>(std::min(value, most))};
}

Json text_or_null(const std::string& text) {
    return text.empty() ? Json() : Json(text);
}

Json one_limit(const LimitUse& limit) {
    Json::Object object;
    object["action"] = text_or_null(limit.action);
    object["hardware"] = limit.hardware;
    object["max"] = number(limit.cap);
    object["name"] = limit.name;
    object["per"] = text_or_null(limit.per);
    object["sum"] = text_or_null(limit.sum);
    object["window_s"] = limit.window;
    object["used"] = limit.use ? number(limit.use->used) : Json();
    object["most_used_by"] = limit.use ? text_or_null(limit.use->key) : Json();
    object["values"] = limit.use ? number(limit.use->keys) : Json();
    return object;
}

}  // namespace

Json to_json(const std::vector<LimitUse>& limits) {
    Json::Array array;
    for (const LimitUse& limit : limits)
        array.push_back(one_limit(limit));
    return array;
}

}  // namespace holdfast::api
