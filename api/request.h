// How every request body is read: strict JSON, one reader per message, one reason for all errors.
#ifndef HOLDFAST_API_REQUEST_H
#define HOLDFAST_API_REQUEST_H

#include <string_view>

#include "core/encode/json.h"
#include "holdfast/result.h"

namespace holdfast::api {

template <class T>
Result<T> read_request(std::string_view body, Result<T> (*reader)(const encode::Json&)) {
    const auto json = encode::parse_json(body);
    if (!json) return Error(json.error()).because("malformed_request");
    Result<T> request = reader(*json);
    if (!request) return std::move(request).error().because("malformed_request");
    return request;
}

}  // namespace holdfast::api

#endif  // HOLDFAST_API_REQUEST_H
