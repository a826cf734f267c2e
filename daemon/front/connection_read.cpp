// Connection, reading: one request at a time, within its limits and its time.
#include <array>

#include "daemon/front/connection.h"

namespace holdfast::daemon {
namespace {

constexpr std::size_t chunk_size = 8UL * 1024;

Error refused(std::string text, const char* reason) {
    return Error(Code::invalid, std::move(text)).because(reason);
}

}  // namespace

Async<std::optional<Connection::Request>> Connection::next_request() {
    if (received_.empty()) {
        const bool some = co_await ready(Socket::wait_read, Clock::now() + front_.limits.idle);
        if (!some) co_return std::nullopt;
    }
    const auto deadline = Clock::now() + front_.limits.request;
    HOLDFAST_CO_TRY(head_text, co_await read_head(deadline));
    if (head_text.empty()) co_return std::nullopt;
    HOLDFAST_CO_TRY(head, parse_head(head_text));
    HOLDFAST_CO_TRY(match, check_head(head));
    if (head.expects_continue && received_.size() < head.content_length) {
        const ReleaseGate open(front_.containment, "", "");
        const std::string interim(go_on);
        HOLDFAST_CO_CHECK(co_await send(interim, open));
    }
    HOLDFAST_CO_TRY(body, co_await read_body(head.content_length, deadline));
    // What follows before the answer would be a second request: no pipelining.
    if (!received_.empty()) co_return refused("bytes after the request", "malformed_request");
    co_return Request{std::move(head), std::move(match), std::move(body)};
}

Result<Match> Connection::check_head(const RequestHead& head) {
    auto match = find_route(front_.routes, side_, head.method, head.target);
    if (!match) {
        allow_ = allowed_methods(front_.routes, side_, head.target);
        return std::move(match).error();
    }
    HOLDFAST_CHECK(check_body(head, match->route->max_body));
    return match;
}

// "" when the caller closed before it asked anything.
Async<std::string> Connection::read_head(Clock::time_point deadline) {
    while (true) {
        const auto end = received_.find(end_of_head);
        const auto size = end == std::string::npos ? received_.size() : end + end_of_head.size();
        if (size > max_request_head)
            co_return refused(
                "the request's head may have " + std::to_string(max_request_head) + " bytes",
                "head_too_large");
        if (end != std::string::npos) {
            auto head = received_.substr(0, size);
            received_.erase(0, size);
            co_return head;
        }
        if (closed_by_peer_ && received_.empty()) co_return std::string();
        HOLDFAST_CO_CHECK(co_await read_more(deadline));
    }
}

Async<std::string> Connection::read_body(std::size_t size, Clock::time_point deadline) {
    while (received_.size() < size) {
        HOLDFAST_CO_CHECK(co_await read_more(deadline));
    }
    auto body = received_.substr(0, size);
    received_.erase(0, size);
    co_return body;
}

// One chunk more, or the end of the stream noticed.
Async<std::monostate> Connection::read_more(Clock::time_point deadline) {
    if (closed_by_peer_) co_return refused("the request ends early", "malformed_request");
    auto taken = take_chunk();
    if (taken || taken.error().code() != Code::busy) co_return taken;
    const bool some = co_await ready(Socket::wait_read, deadline);
    if (!some) co_return refused("the request took too long to send", "request_timeout");
    co_return done();
}

Done Connection::take_chunk() {
    std::array<char, chunk_size> chunk{};
    HOLDFAST_TRY(size, receive_from(socket_.native_handle(), peer_, chunk.data(), chunk.size()));
    closed_by_peer_ = size == 0;
    received_.append(chunk.data(), size);
    return done();
}

}  // namespace holdfast::daemon
