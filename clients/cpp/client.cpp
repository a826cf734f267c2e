#include "holdfast/client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

#include "clients/cpp/http_reply.h"
#include "holdfast/descriptor.h"

namespace holdfast {
namespace {

using Clock = std::chrono::steady_clock;

Error nothing_answers(const std::string& path, int cause) {
    return Error(Code::unavailable,
                 "no daemon at " + path + ": " + std::generic_category().message(cause))
        .because("daemon_unreachable");
}

Error broken_off(const std::string& what, int cause) {
    return Error(Code::unavailable, what + ": " + std::generic_category().message(cause),
                 Retry::later)
        .because("daemon_unreachable");
}

Error too_late() {
    return Error(Code::timeout, "the daemon did not answer in time", Retry::later);
}

// Waits until the socket is ready; the deadline covers the whole exchange, not one read.
Done wait_for(int socket, short events, Clock::time_point deadline) {
    for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0) return too_late();
        ::pollfd watched = {.fd = socket, .events = events, .revents = 0};
        const int ready = ::poll(&watched, 1, static_cast<int>(std::min<long>(left, 60'000)));
        if (ready > 0) return done();
        if (ready < 0 && errno != EINTR) return broken_off("poll", errno);
    }
}

Result<Descriptor> connect_to(const std::string& path) {
    ::sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof(address.sun_path))
        return nothing_answers(path, ENAMETOOLONG);
    std::memcpy(address.sun_path, path.data(), path.size());
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) return nothing_answers(path, errno);
    // A Unix socket connects at once or, with a full backlog, says EAGAIN.
    const auto* generic = reinterpret_cast<const ::sockaddr*>(&address);
    if (::connect(socket.get(), generic, sizeof(address)) != 0) {
        if (errno == EAGAIN)
            return Error(Code::busy, "the daemon has too many callers waiting", Retry::later);
        return nothing_answers(path, errno);
    }
    return socket;
}

// A daemon that refuses early (413, 429) answers before it has read everything: then its answer,
// not the broken pipe, is what the caller must see. Hence "false" instead of an error.
Result<bool> send_all(int socket, std::string_view text, Clock::time_point deadline) {
    while (!text.empty()) {
        const auto sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            text.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN) {
            HOLDFAST_CHECK(wait_for(socket, POLLOUT, deadline));
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return false;
        } else if (errno != EINTR) {
            return broken_off("sending to the daemon", errno);
        }
    }
    return true;
}

// Appends what is there; nothing when poll woke us for nothing.
Done receive_some(int socket, std::string& received) {
    std::array<char, 16UL * 1024> chunk = {};
    const auto size = ::recv(socket, chunk.data(), chunk.size(), 0);
    if (size == 0) return broken_off("the daemon hung up without a whole answer", ECONNRESET);
    if (size < 0 && errno != EINTR && errno != EAGAIN)
        return broken_off("reading the daemon's answer", errno);
    if (size > 0) received.append(chunk.data(), static_cast<std::size_t>(size));
    return done();
}

Result<Reply> receive_reply(int socket, Clock::time_point deadline) {
    std::string received;
    for (;;) {
        HOLDFAST_CHECK(wait_for(socket, POLLIN, deadline));
        HOLDFAST_CHECK(receive_some(socket, received));
        HOLDFAST_TRY(reply, read_reply(received));
        if (reply) return *std::move(reply);
    }
}

std::string request_text(std::string_view method, std::string_view target, std::string_view json) {
    std::string text;
    text.append(method).append(" ").append(target).append(" HTTP/1.1\r\n");
    text.append("Host: holdfast\r\nConnection: close\r\n");
    if (method == "POST") {
        text.append("Content-Type: application/json\r\nContent-Length: ");
        text.append(std::to_string(json.size())).append("\r\n");
    }
    return text.append("\r\n").append(json);
}

}  // namespace

Client::Client(std::string socket_path, std::chrono::milliseconds timeout)
    : socket_path_(std::move(socket_path)), timeout_(timeout) {}

Result<Reply> Client::get(std::string_view target) const {
    return exchange("GET", target, "");
}

Result<Reply> Client::post(std::string_view target, std::string_view json) const {
    return exchange("POST", target, json);
}

Result<Reply> Client::exchange(std::string_view method, std::string_view target,
                               std::string_view json) const {
    // The request line is built from it: nothing that could end the line may be inside.
    const auto unfit = [](char letter) { return letter <= ' ' || letter >= 0x7f; };
    if (!target.starts_with('/') || std::any_of(target.begin(), target.end(), unfit))
        return Error(Code::invalid, "not a request target: " + std::string(target));
    const auto deadline = Clock::now() + timeout_;
    HOLDFAST_TRY(socket, connect_to(socket_path_));
    HOLDFAST_TRY(sent, send_all(socket.get(), request_text(method, target, json), deadline));
    auto reply = receive_reply(socket.get(), deadline);
    if (!sent && !reply) return broken_off("the daemon did not take the request", EPIPE);
    return reply;
}

std::string default_agent_socket() {
    // Read before any thread of ours exists; a caller with threads must not change its environment.
    // NOLINTNEXTLINE(concurrency-mt-unsafe)
    const char* chosen = std::getenv("HOLDFAST_SOCKET");
    if (chosen != nullptr && *chosen != '\0') return chosen;
    return "/run/holdfast/agent.sock";
}

}  // namespace holdfast
