// Reads the daemon's HTTP/1.1 answers: the strict profile it writes, and nothing else.
#ifndef HOLDFAST_CLIENTS_CPP_HTTP_REPLY_H
#define HOLDFAST_CLIENTS_CPP_HTTP_REPLY_H

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "holdfast/client.h"
#include "holdfast/result.h"

namespace holdfast {

inline constexpr std::size_t max_reply_head = 8UL * 1024;
inline constexpr std::size_t max_reply_body = 8UL * 1024 * 1024;
inline constexpr int max_retry_after = 86400;

// What the bytes so far amount to: a whole reply, or nothing yet. Refused (invalid): a head over
// max_reply_head, no or two Content-Length, a body over max_reply_body, any Transfer-Encoding,
// bytes after the body. One exchange per connection, so those bytes can only be a mistake.
Result<std::optional<Reply>> read_reply(std::string_view received);

}  // namespace holdfast

#endif  // HOLDFAST_CLIENTS_CPP_HTTP_REPLY_H
