#include <algorithm>
#include <array>

#include "api/problem.h"
#include "core/encode/json.h"
#include "daemon/front/http.h"

namespace holdfast::daemon {
namespace {

struct Phrase {
    int status;
    const char* reason;  // of the Error that stands for it; null: its Code says the status
    const char* text;
};

constexpr std::array<Phrase, 21> phrases = {{
    {200, nullptr, "OK"},
    {201, nullptr, "Created"},
    {202, nullptr, "Accepted"},
    {204, nullptr, "No Content"},
    {400, nullptr, "Bad Request"},
    {403, nullptr, "Forbidden"},
    {404, nullptr, "Not Found"},
    {405, "method_not_allowed", "Method Not Allowed"},
    {408, "request_timeout", "Request Timeout"},
    {409, nullptr, "Conflict"},
    {413, "body_too_large", "Content Too Large"},
    {415, "unsupported_media_type", "Unsupported Media Type"},
    {417, "expectation_failed", "Expectation Failed"},
    {422, nullptr, "Unprocessable Content"},
    {429, nullptr, "Too Many Requests"},
    {431, "head_too_large", "Request Header Fields Too Large"},
    {500, nullptr, "Internal Server Error"},
    {501, "transfer_encoding", "Not Implemented"},
    {503, nullptr, "Service Unavailable"},
    {504, nullptr, "Gateway Timeout"},
    {505, "http_version", "HTTP Version Not Supported"},
}};

const Phrase* phrase_of(int status) {
    const auto* const found = std::find_if(phrases.begin(), phrases.end(),
                                           [&](const auto& row) { return row.status == status; });
    return found == phrases.end() ? nullptr : found;
}

const Phrase* phrase_of_reason(const std::string& reason) {
    const auto* const found = std::find_if(phrases.begin(), phrases.end(), [&](const auto& row) {
        return row.reason != nullptr && row.reason == reason;
    });
    return found == phrases.end() ? nullptr : found;
}

// The same problem with the status HTTP gives to this reason.
std::string with_status(const std::string& problem, const Phrase& phrase) {
    const auto parsed = encode::parse_json(problem);
    if (!parsed || parsed->object() == nullptr) return problem;
    auto members = *parsed->object();
    members["status"] = phrase.status;
    members["title"] = phrase.text;
    return encode::canonical(members);
}

}  // namespace

HttpReply problem_reply(const Error& error) {
    auto problem = api::problem_of(error);
    HttpReply reply{.status = problem.status,
                    .content_type = "application/problem+json",
                    .body = std::move(problem.body),
                    .retry_after = problem.retry_after,
                    .allow = {}};
    if (const auto* const phrase = phrase_of_reason(error.reason()); phrase != nullptr) {
        reply.status = phrase->status;
        reply.body = with_status(reply.body, *phrase);
    }
    return reply;
}

std::string reply_text(const HttpReply& reply, bool keep_alive) {
    const auto* const phrase = phrase_of(reply.status);
    std::string text = "HTTP/1.1 " + std::to_string(reply.status) + " ";
    text += phrase == nullptr ? "" : phrase->text;
    text += "\r\nContent-Length: " + std::to_string(reply.body.size());
    if (!reply.body.empty()) text += "\r\nContent-Type: " + reply.content_type;
    text += "\r\nCache-Control: no-store";
    if (reply.retry_after > 0) text += "\r\nRetry-After: " + std::to_string(reply.retry_after);
    if (!reply.allow.empty()) text += "\r\nAllow: " + reply.allow;
    if (!keep_alive) text += "\r\nConnection: close";
    text += end_of_head;
    return text + reply.body;
}

}  // namespace holdfast::daemon
