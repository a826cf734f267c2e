#include "daemon/front/listener.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "daemon/front/connection.h"
#include "daemon/link/bell.h"
#include "daemon/log.h"

namespace holdfast::daemon {
namespace {

namespace asio = boost::asio;
using Protocol = asio::local::stream_protocol;

constexpr std::chrono::milliseconds back_off{50};  // when no descriptor is left

class Listener {
  public:
    Listener(Front& front, Protocol::acceptor acceptor, Side side)
        : front_(front), acceptor_(std::move(acceptor)), side_(side) {}

    asio::awaitable<void> run();

  private:
    void admit(Protocol::socket socket);
    void turn_out(Protocol::socket& socket, const Error& error);
    asio::awaitable<void> record(Refusal refusal) const;
    Result<Counter::Seat> seat_for(const Peer& peer, int descriptor);

    Front& front_;
    Protocol::acceptor acceptor_;
    Side side_;
};

asio::awaitable<void> Listener::run() {
    if (side_ == Side::admin) front_.admin_lane.add(acceptor_.native_handle());
    Bell nobody_rings(acceptor_.get_executor());
    while (true) {
        auto accepted = co_await acceptor_.async_accept(asio::as_tuple(asio::use_awaitable));
        auto& [error, socket] = accepted;
        if (!error) {
            admit(std::move(socket));
            continue;
        }
        if (error == asio::error::operation_aborted) co_return;
        log_warning("accept: " + error.message());
        co_await nobody_rings.rung_within(back_off);
    }
}

void Listener::admit(Protocol::socket socket) {
    const int descriptor = socket.native_handle();
    (void)::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    auto peer = peer_of(descriptor);
    if (!peer) return turn_out(socket, peer.error());
    std::optional<Error> turned_away;
    auto seat = seat_for(*peer, descriptor);
    if (!seat) {
        turned_away = seat.error();
        seat = front_.admission.turned_away.take(peer->uid);
    }
    if (!seat) return;
    Connection::serve(std::make_shared<Connection>(front_, std::move(socket), side_,
                                                   *std::move(peer), *std::move(seat),
                                                   std::move(turned_away)));
}

// Gone already, or of another namespace: nobody who could be told, but a refusal all the same.
void Listener::turn_out(Protocol::socket& socket, const Error& error) {
    const auto named = named_peer(socket.native_handle());
    if (!named || error.code() != Code::denied) return log_warning("accept: " + error.text());
    Refusal refusal{.agent = "",
                    .uid = named->uid,
                    .pid = named->pid,
                    .operation = "connect",
                    .reason = error.reason(),
                    .asked = {}};
    run_beside(acceptor_.get_executor(), record(std::move(refusal)));
}

asio::awaitable<void> Listener::record(Refusal refusal) const {
    (void)co_await front_.refused(refusal);
}

Result<Counter::Seat> Listener::seat_for(const Peer& peer, int descriptor) {
    if (side_ == Side::admin) return front_.admission.admins.take(peer.uid);
    if (static_cast<std::size_t>(descriptor) >= front_.descriptor_ceiling)
        return Error(Code::unavailable, "the daemon is at its limit of descriptors", Retry::later)
            .because("too_many_requests");
    const bool declared = front_.instances.is_declared(peer.uid);
    return (declared ? front_.admission.agents : front_.admission.strangers).take(peer.uid);
}

}  // namespace

Result<std::size_t> raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return Error(Code::internal, "getrlimit: " + std::generic_category().message(errno));
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return Error(Code::internal, "setrlimit: " + std::generic_category().message(errno));
    const auto most = static_cast<std::size_t>(limit.rlim_cur);
    return most - std::min(reserved_descriptors, most / 2);
}

Done listen_on(const asio::any_io_executor& executor, Front& front, Descriptor socket, Side side) {
    HOLDFAST_CHECK(ask_for_senders(socket.get()));
    Protocol::acceptor acceptor(executor);
    boost::system::error_code error;
    acceptor.assign(Protocol(), socket.get(), error);
    if (error) return Error(Code::internal, "listening socket: " + error.message());
    (void)socket.give_away();
    auto listener = std::make_unique<Listener>(front, std::move(acceptor), side);
    // The frame owns the listener.
    auto serve = [](std::unique_ptr<Listener> owned) -> asio::awaitable<void> {
        co_await owned->run();
    };
    run_beside(executor, serve(std::move(listener)));
    return done();
}

}  // namespace holdfast::daemon
