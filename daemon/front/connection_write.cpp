// Connection, writing: each write asks the release gate in the same step; then a polite end.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "daemon/front/connection.h"

namespace holdfast::daemon {
namespace {

namespace asio = boost::asio;

constexpr std::size_t farewell_bytes = 256UL * 1024;  // read and dropped at most

Error caller_gone() {
    return Error(Code::unavailable, "the caller did not take the answer").because("caller_gone");
}

}  // namespace

Async<std::monostate> Connection::send_problem(const Error& error, bool keep_alive) {
    auto reply = problem_reply(error);
    reply.allow = std::exchange(allow_, {});
    auto text = reply_text(reply, keep_alive);
    const ReleaseGate open(front_.containment, "", "");
    co_return co_await send(std::move(text), open);
}

// The gate and the write are one step: nothing can run between them on this loop.
Async<std::monostate> Connection::send(std::string text, ReleaseGate gate) {
    const auto deadline = Clock::now() + front_.limits.reply;
    std::string_view unsent = text;
    left_ = 0;
    while (!unsent.empty()) {
        HOLDFAST_CO_CHECK(gate.may_send());
        const auto sent = ::send(socket_.native_handle(), unsent.data(), unsent.size(),
                                 MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            unsent.remove_prefix(static_cast<std::size_t>(sent));
            left_ += static_cast<std::size_t>(sent);
            if (unsent.empty()) gate.sent();
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN) co_return caller_gone();
        const bool room = co_await ready(Socket::wait_write, deadline);
        if (!room) co_return caller_gone();
    }
    co_return done();
}

// Unix sockets reset the connection when it is closed with bytes unread, and the caller might lose
// the answer over it: say that nothing follows, and read on for a moment.
asio::awaitable<void> Connection::take_leave() {
    (void)::shutdown(socket_.native_handle(), SHUT_WR);
    const auto deadline = Clock::now() + front_.limits.farewell;
    std::array<char, 4096> dropped{};
    std::size_t total = 0;
    while (!closed_by_peer_ && total < farewell_bytes) {
        const auto got =
            ::recv(socket_.native_handle(), dropped.data(), dropped.size(), MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) break;
        if (got > 0) {
            total += static_cast<std::size_t>(got);
            continue;
        }
        const bool some = co_await ready(Socket::wait_read, deadline);
        if (!some) break;
    }
}

// Asio's own deadlines belong to Beast's streams; here one timer cancels the socket.
asio::awaitable<bool> Connection::ready(Socket::wait_type what, Clock::time_point deadline) {
    const auto wait = ++wait_;
    timer_.expires_at(deadline);
    // `wait` tells a callback that was queued for an earlier wait from this one's.
    auto give_up = [self = shared_from_this(), wait](const boost::system::error_code& error) {
        if (error || wait != self->wait_) return;
        boost::system::error_code ignored;
        self->socket_.cancel(ignored);
    };
    timer_.async_wait(std::move(give_up));
    const auto waited = co_await socket_.async_wait(what, asio::as_tuple(asio::use_awaitable));
    ++wait_;
    timer_.cancel();
    co_return !std::get<0>(waited);
}

}  // namespace holdfast::daemon
