// One connection to the daemon that is kept: as little as measuring needs.
#ifndef HOLDFAST_BENCH_PROGRAMS_KEEP_ALIVE_H
#define HOLDFAST_BENCH_PROGRAMS_KEEP_ALIVE_H

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <charconv>
#include <cstring>
#include <string>
#include <string_view>

#include "holdfast/descriptor.h"

namespace holdfast::bench {

inline Descriptor connect_to(const std::string& path) {
    ::sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return {};
    std::memcpy(address.sun_path, path.data(), path.size());
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto* generic = reinterpret_cast<const ::sockaddr*>(&address);
    return ::connect(socket.get(), generic, sizeof address) == 0 ? std::move(socket) : Descriptor();
}

// Where the reply's body ends; 0 while the head is not whole.
inline std::size_t end_of_reply(std::string_view text) {
    constexpr std::string_view length = "Content-Length: ";
    const auto head = text.find("\r\n\r\n");
    const auto at = text.find(length);
    if (head == std::string_view::npos || at > head) return 0;
    std::size_t size = 0;
    (void)std::from_chars(&text[at + length.size()], &text[head], size);
    return head + 4 + size;
}

inline std::string request_text(const std::string& target, const std::string& json) {
    return "POST " + target + " HTTP/1.1\r\nHost: holdfast\r\nContent-Type: application/json\r\n" +
           "Content-Length: " + std::to_string(json.size()) + "\r\n\r\n" + json;
}

inline bool exchange(const Descriptor& socket, const std::string& request, std::string& reply) {
    if (::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size()))
        return false;
    reply.clear();
    std::array<char, 16UL * 1024> piece;
    for (std::size_t end = 0; end == 0 || reply.size() < end; end = end_of_reply(reply)) {
        const auto got = ::recv(socket.get(), piece.data(), piece.size(), 0);
        if (got <= 0) return false;
        reply.append(piece.data(), static_cast<std::size_t>(got));
    }
    return true;
}

}  // namespace holdfast::bench

#endif  // HOLDFAST_BENCH_PROGRAMS_KEEP_ALIVE_H
