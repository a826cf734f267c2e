// Errors on the sockets: RFC 9457 problem+json with a stable `code`.
#ifndef HOLDFAST_API_PROBLEM_H
#define HOLDFAST_API_PROBLEM_H

#include <string>
#include <string_view>

#include "core/encode/json.h"
#include "holdfast/result.h"

namespace holdfast::api {

struct Problem {
    int status = 500;
    int retry_after = 0;  // seconds; 0 = no header
    std::string body;     // {"code","detail","retry","status","title","type"}
};

// invalid 400, denied 403, not_found 404, conflict 409, busy 429, unavailable 503, timeout 503,
// internal 500. The reason, else the name of the Code, is `code`.
Problem problem_of(const Error& error);
// With extension members (RFC 9457 §3.2), which must not be called as the ones above.
Problem problem_of(const Error& error, encode::Json::Object members);
// The other way, for clients: the Error a problem+json body stood for.
Error error_of(int status, std::string_view body);

}  // namespace holdfast::api

#endif  // HOLDFAST_API_PROBLEM_H
