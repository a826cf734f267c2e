#include "api/problem.h"

#include <algorithm>
#include <array>

#include "api/printable.h"
#include "core/encode/json.h"

namespace holdfast::api {
namespace {

constexpr int busy_retry_after = 1;         // seconds: a bounded queue drains quickly
constexpr int unavailable_retry_after = 2;  // seconds: a worker is replaced within this

struct Row {
    Code code;
    int status;
    int retry_after;
    const char* name;
    const char* title;  // the status phrase, as RFC 9457 §4.2.1 wants beside about:blank
};

constexpr std::array<Row, 8> rows = {{
    {Code::invalid, 400, 0, "invalid", "Bad Request"},
    {Code::denied, 403, 0, "denied", "Forbidden"},
    {Code::not_found, 404, 0, "not_found", "Not Found"},
    {Code::conflict, 409, 0, "conflict", "Conflict"},
    {Code::busy, 429, busy_retry_after, "busy", "Too Many Requests"},
    {Code::unavailable, 503, unavailable_retry_after, "unavailable", "Service Unavailable"},
    {Code::timeout, 503, unavailable_retry_after, "timeout", "Service Unavailable"},
    {Code::internal, 500, 0, "internal", "Internal Server Error"},
}};

constexpr std::array<std::pair<Retry, const char*>, 3> retries = {{
    {Retry::never, "never"},
    {Retry::later, "later"},
    {Retry::reattest, "reattest"},
}};

const Row& row_of(Code code) {
    const auto* const found =
        std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.code == code; });
    return found == rows.end() ? rows.back() : *found;
}

std::string retry_name(Retry retry) {
    for (const auto& [value, name] : retries)
        if (value == retry) return name;
    return "never";
}

// Statuses only the HTTP layer itself gives (405, 408, 413, 431) have no Code of their own.
Code code_of(int status, std::string_view code) {
    for (const Row& row : rows)
        if (row.status == status && row.name == code) return row.code;
    for (const Row& row : rows)
        if (row.status == status) return row.code;
    if (status == 408 || status == 504) return Code::timeout;
    return status >= 400 && status < 500 ? Code::invalid : Code::internal;
}

Retry retry_of(std::string_view name) {
    for (const auto& [value, text] : retries)
        if (name == text) return value;
    return Retry::never;
}

std::string member(const encode::Json& json, std::string_view name) {
    const encode::Json* found = json.find(name);
    if (found == nullptr || found->string() == nullptr) return {};
    return *found->string();
}

bool is_code_name(std::string_view name) {
    return std::any_of(rows.begin(), rows.end(), [&](const Row& row) { return name == row.name; });
}

}  // namespace

Problem problem_of(const Error& error) {
    return problem_of(error, {});
}

Problem problem_of(const Error& error, encode::Json::Object members) {
    const Row& row = row_of(error.code());
    const std::string code = error.reason().empty() ? row.name : error.reason();
    encode::Json::Object body = std::move(members);
    body["code"] = printable(code);
    body["detail"] = printable(error.text());
    body["retry"] = retry_name(error.retry());
    body["status"] = row.status;
    body["title"] = row.title;
    body["type"] = "about:blank";
    return Problem{row.status, row.retry_after, encode::canonical(std::move(body))};
}

Error error_of(int status, std::string_view body) {
    const auto json = encode::parse_json(body);
    if (!json || json->object() == nullptr)
        return {code_of(status, {}), "HTTP " + std::to_string(status)};
    const std::string code = member(*json, "code");
    std::string detail = member(*json, "detail");
    if (detail.empty()) detail = "HTTP " + std::to_string(status);
    Error error(code_of(status, code), std::move(detail), retry_of(member(*json, "retry")));
    if (code.empty() || is_code_name(code)) return error;
    return std::move(error).because(code);
}

}  // namespace holdfast::api
