// Connection: one caller's requests, one after the other, each chunk of them from that very caller.
#ifndef HOLDFAST_DAEMON_FRONT_CONNECTION_H
#define HOLDFAST_DAEMON_FRONT_CONNECTION_H

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>

#include "daemon/front/front.h"
#include "daemon/front/http.h"
#include "daemon/front/release_gate.h"

namespace holdfast::daemon {

// shared_ptr, because two own it: the coroutine that serves, and the timer's callback, which may
// be queued already when the coroutine ends.
class Connection : public std::enable_shared_from_this<Connection> {
  public:
    using Socket = boost::asio::local::stream_protocol::socket;
    using Clock = std::chrono::steady_clock;

    // `turned_away`: over a limit; its first request is answered with that and nothing else.
    Connection(Front& front, Socket socket, Side side, Peer peer, Counter::Seat seat,
               std::optional<Error> turned_away);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    // Returns at once; the connection lives until it is served.
    static void serve(const std::shared_ptr<Connection>& connection);

  private:
    template <class T>
    using Awaitable = boost::asio::awaitable<T>;

    struct Request {
        RequestHead head;
        Match match;
        std::string body;
    };

    Awaitable<void> run();

    // Reading (connection_read.cpp). Neither request nor error: the caller closed or idled.
    Async<std::optional<Request>> next_request();
    Async<std::string> read_head(Clock::time_point deadline);
    Result<Match> check_head(const RequestHead& head);
    Async<std::string> read_body(std::size_t size, Clock::time_point deadline);
    Async<std::monostate> read_more(Clock::time_point deadline);
    Done take_chunk();

    // Answering (connection.cpp). False: the connection ends.
    Awaitable<bool> answer(Request request);
    Async<Answer> answer_of(const Request& request);
    Async<std::monostate> meet();
    Async<std::monostate> recognise();
    Done instance_still_same() const;
    Awaitable<void> refuse(const Error& error);
    Awaitable<void> let_admins_pass();

    // Writing (connection_write.cpp).
    Async<std::monostate> send_problem(const Error& error, bool keep_alive);
    Async<std::monostate> send(std::string text, ReleaseGate gate);
    Awaitable<void> take_leave();

    // False: the deadline passed, or the socket is gone.
    Awaitable<bool> ready(Socket::wait_type what, Clock::time_point deadline);

    Front& front_;
    Socket socket_;
    boost::asio::steady_timer timer_;
    std::uint64_t wait_ = 0;  // which wait the timer is for
    Side side_;
    Peer peer_;
    Counter::Seat seat_;
    std::optional<Error> turned_away_;
    std::optional<Instance> instance_;
    std::optional<Stay> stay_;  // containment knows the instance as long as this lives
    std::string received_;      // not yet used
    std::size_t left_ = 0;      // bytes of the answer under way that have left
    std::string allow_;         // methods of the path asked for, when it is another method
    bool closed_by_peer_ = false;
    bool session_over_ = false;  // the caller is not who it was: no further request
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_FRONT_CONNECTION_H
