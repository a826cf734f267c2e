// RawClient: bytes to one of the daemon's sockets as they are, and what comes back, blocking.
#ifndef HOLDFAST_TESTS_SUPPORT_RAW_CLIENT_H
#define HOLDFAST_TESTS_SUPPORT_RAW_CLIENT_H

#include <chrono>
#include <string>
#include <string_view>

#include "holdfast/descriptor.h"

namespace holdfast::test {

// Far beyond every promise: who waits longer than this has met a daemon that hangs.
inline constexpr std::chrono::seconds hung_after{30};

struct RawReply {
    int status = 0;  // 0: the stream ended without one
    int retry_after = 0;
    bool says_close = false;
    std::string body;
};

class RawClient {
  public:
    // is_open() is false when nobody accepts there.
    explicit RawClient(const std::string& socket);

    bool is_open() const { return static_cast<bool>(socket_); }
    // False when the daemon closed before it had taken all; its answer may be there nevertheless.
    bool send(std::string_view bytes) const;
    // The bytes with `count` copies of standard input's descriptor beside them.
    bool send_with_descriptors(std::string_view bytes, std::size_t count) const;
    void half_close() const;
    void close() { socket_ = Descriptor(); }
    int descriptor() const { return socket_.get(); }
    RawReply read_reply();
    bool ends();  // nothing follows but the end of the stream

  private:
    bool read_more();

    Descriptor socket_;
    std::string unread_;
};

}  // namespace holdfast::test

#endif  // HOLDFAST_TESTS_SUPPORT_RAW_CLIENT_H
