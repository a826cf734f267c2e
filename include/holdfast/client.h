// A blocking client of the daemon's sockets: HTTP/1.1 and JSON over a Unix socket.
#ifndef HOLDFAST_CLIENT_H
#define HOLDFAST_CLIENT_H

#include <chrono>
#include <string>
#include <string_view>

#include "holdfast/result.h"

namespace holdfast {

struct Reply {
    int status = 0;       // HTTP status
    int retry_after = 0;  // seconds; 0 when the daemon did not say
    std::string body;     // JSON; application/problem+json when status >= 400
};

// One connection per request: the daemon looks at the process behind each connection.
class Client {
  public:
    explicit Client(std::string socket_path,
                    std::chrono::milliseconds timeout = std::chrono::seconds(70));

    // Error `unavailable` = nothing answered at that socket; any HTTP answer is a Reply.
    Result<Reply> get(std::string_view target) const;
    Result<Reply> post(std::string_view target, std::string_view json) const;

  private:
    Result<Reply> exchange(std::string_view method, std::string_view target,
                           std::string_view json) const;

    std::string socket_path_;
    std::chrono::milliseconds timeout_;
};

// $HOLDFAST_SOCKET, else /run/holdfast/agent.sock.
std::string default_agent_socket();

}  // namespace holdfast

#endif  // HOLDFAST_CLIENT_H
