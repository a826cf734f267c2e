#include "tests/support/raw_client.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <vector>

#include "tests/support/ancillary.h"

namespace holdfast::test {
namespace {

constexpr std::string_view end_of_head = "\r\n\r\n";

// The value of a header in a head this daemon wrote, so its case is known; 0 when it is not there.
std::size_t number_in(std::string_view head, std::string_view header) {
    const auto at = head.find(header);
    std::size_t value = 0;
    if (at == std::string_view::npos) return value;
    const auto digits = head.substr(at + header.size());
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

}  // namespace

RawClient::RawClient(const std::string& socket)
    : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    // A path too long for it names no socket, and connect says so.
    std::memcpy(address.sun_path, socket.data(),
                std::min(socket.size(), sizeof(address.sun_path) - 1));
    const timeval patience{.tv_sec = hung_after.count(), .tv_usec = 0};
    for (const int direction : {SO_RCVTIMEO, SO_SNDTIMEO})
        (void)::setsockopt(socket_.get(), SOL_SOCKET, direction, &patience, sizeof patience);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    if (::connect(socket_.get(), generic, sizeof address) != 0) close();
}

bool RawClient::send(std::string_view bytes) const {
    while (!bytes.empty()) {
        const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool RawClient::send_with_descriptors(std::string_view bytes, std::size_t count) const {
    const std::vector<int> copies(count, STDIN_FILENO);
    return test::send_with_descriptors(socket_.get(), bytes, copies);
}

void RawClient::half_close() const {
    (void)::shutdown(socket_.get(), SHUT_WR);
}

bool RawClient::read_more() {
    std::array<char, 16384> chunk;
    const auto got = ::recv(socket_.get(), chunk.data(), chunk.size(), 0);
    if (got <= 0) return false;
    unread_.append(chunk.data(), static_cast<std::size_t>(got));
    return true;
}

RawReply RawClient::read_reply() {
    std::size_t end = 0;
    while ((end = unread_.find(end_of_head)) == std::string::npos)
        if (!read_more()) return {};
    const std::string head = unread_.substr(0, end + end_of_head.size());
    const std::size_t size = head.size() + number_in(head, "\r\nContent-Length: ");
    while (unread_.size() < size)
        if (!read_more()) return {};
    RawReply reply;
    reply.status = static_cast<int>(number_in(head, "HTTP/1.1 "));
    reply.retry_after = static_cast<int>(number_in(head, "\r\nRetry-After: "));
    reply.says_close = head.find("\r\nConnection: close\r\n") != std::string::npos;
    reply.body = unread_.substr(head.size(), size - head.size());
    unread_.erase(0, size);
    return reply;
}

bool RawClient::ends() {
    char byte = 0;
    return unread_.empty() && ::recv(socket_.get(), &byte, 1, 0) == 0;
}

}  // namespace holdfast::test
