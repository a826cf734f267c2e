// HTTP/1.1 under a strict profile (RFC 9112): one request head in, one reply out. No sockets here.
#ifndef HOLDFAST_DAEMON_FRONT_HTTP_H
#define HOLDFAST_DAEMON_FRONT_HTTP_H

#include <string>
#include <string_view>

#include "holdfast/result.h"

namespace holdfast::daemon {

inline constexpr std::size_t max_request_head = 8UL * 1024;
inline constexpr std::string_view end_of_head = "\r\n\r\n";
inline constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";

struct RequestHead {
    std::string method;
    std::string target;
    std::size_t content_length = 0;
    bool json = false;  // Content-Type is application/json
    bool keep_alive = true;
    bool expects_continue = false;
};

// `head` reaches through the empty line. Refused (invalid, with the reason that chooses the
// status): other versions, Transfer-Encoding, Content-Length or Host twice or malformed, no Host,
// folded lines and bare line feeds, expectations other than 100-continue.
Result<RequestHead> parse_head(std::string_view head);
// Against the route's own bound: body_too_large, unsupported_media_type.
Done check_body(const RequestHead& head, std::size_t max_body);

struct HttpReply {
    int status = 200;
    std::string content_type = "application/json";
    std::string body;
    int retry_after = 0;  // seconds; 0 = no header
    std::string allow;    // "" = no header
};

// problem+json; reasons that only HTTP knows get their own status (405, 408, 413, 415, 417, 431,
// 501, 505).
HttpReply problem_reply(const Error& error);
std::string reply_text(const HttpReply& reply, bool keep_alive);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_FRONT_HTTP_H
