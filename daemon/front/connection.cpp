#include "daemon/front/connection.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

#include "daemon/log.h"

namespace holdfast::daemon {
namespace {

namespace asio = boost::asio;

std::string text_of(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& error) {
        return error.what();
    } catch (...) {
        return "unknown exception";
    }
}

std::size_t highest_descriptor(const attest::ProcessView& view) {
    int highest = view.maps.get();
    for (const auto& file : view.files)
        highest = std::max(highest, file.descriptor.get());
    return static_cast<std::size_t>(highest);
}

HttpReply reply_of(Answer answer) {
    return {.status = answer.status,
            .content_type = std::move(answer.content_type),
            .body = std::move(answer.body),
            .retry_after = 0,
            .allow = {}};
}

}  // namespace

Connection::Connection(Front& front, Socket socket, Side side, Peer peer, Counter::Seat seat,
                       std::optional<Error> turned_away)
    : front_(front),
      socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      side_(side),
      peer_(std::move(peer)),
      seat_(std::move(seat)),
      turned_away_(std::move(turned_away)) {
    if (side_ == Side::admin) front_.admin_lane.add(socket_.native_handle());
}

Connection::~Connection() {
    if (side_ == Side::admin) front_.admin_lane.remove(socket_.native_handle());
}

void Connection::serve(const std::shared_ptr<Connection>& connection) {
    const auto ended = [connection](const std::exception_ptr& failure) {
        if (failure) log_error("connection: " + text_of(failure));
    };
    asio::co_spawn(connection->socket_.get_executor(), connection->run(), ended);
}

asio::awaitable<void> Connection::run() {
    bool more = true;
    while (more) {
        auto next = co_await next_request();
        if (!next) {
            if (next.error().code() == Code::denied) co_await refuse(next.error());
            (void)co_await send_problem(next.error(), false);
            break;
        }
        auto& request = *next;
        if (!request) break;
        more = co_await answer(*std::move(request));
    }
    co_await take_leave();
}

asio::awaitable<bool> Connection::answer(Request request) {
    if (side_ == Side::agent) co_await let_admins_pass();
    auto answered = co_await answer_of(request);
    if (!answered) {
        if (answered.error().code() == Code::internal) log_error(answered.error().text());
        const bool keep = request.head.keep_alive && !session_over_;
        const auto told = co_await send_problem(answered.error(), keep);
        co_return keep&& told;
    }
    const auto sequence = answered->sequence;
    ReleaseGate gate(front_.containment, answered->gated_agent, instance_ ? instance_->id : "");
    auto text = reply_text(reply_of(*std::move(answered)), request.head.keep_alive);
    const auto sent = co_await send(std::move(text), std::move(gate));
    if (sent) co_return request.head.keep_alive;
    const std::string reason = sent.error().reason();
    // Whoever took part of the answer may have the whole signature, or enough to guess the rest.
    if (sequence && left_ == 0) (void)co_await front_.withheld(*sequence, reason);
    co_return false;
}

Async<Answer> Connection::answer_of(const Request& request) {
    if (turned_away_) {
        session_over_ = true;
        co_return *turned_away_;
    }
    Counter::Seat of_uid;
    Counter::Seat of_agent;
    if (side_ == Side::agent) {
        HOLDFAST_CO_TRY(seat, front_.admission.requests.take(peer_.uid));
        of_uid = std::move(seat);
    }
    const Route& route = *request.match.route;
    if (route.needs_instance) {
        auto recognised = co_await recognise();
        if (!recognised) co_return std::move(recognised).error();
        HOLDFAST_CO_TRY(seat,
                        front_.admission.requests_of_agents.take("agent " + instance_->agent));
        of_agent = std::move(seat);
    }
    std::string principal;
    if (side_ == Side::admin) {
        HOLDFAST_CO_TRY(name, principal_of(peer_));
        principal = std::move(name);
    }
    const Call call{.peer = peer_,
                    .instance = route.needs_instance ? &*instance_ : nullptr,
                    .principal = std::move(principal),
                    .argument = request.match.argument,
                    .body = request.body,
                    .still_same = [this] { return instance_still_same(); }};
    co_return co_await front_.handle(route, call);
}

Done Connection::instance_still_same() const {
    if (!instance_) return Error(Code::internal, "no instance was recognised");
    return front_.instances.still_same(peer_, *instance_);
}

// The first request of a connection: measured.
Async<std::monostate> Connection::meet() {
    auto found = co_await front_.instances.recognise(peer_);
    if (!found) co_return std::move(found).error();
    // The kernel gives the lowest free number: this high means that many are open.
    if (highest_descriptor(found->view) >= front_.descriptor_ceiling)
        co_return Error(Code::unavailable, "the daemon is at its limit of descriptors",
                        Retry::later)
            .because("too_many_requests");
    instance_.emplace(*std::move(found));
    stay_.emplace(front_.containment, instance_->id, instance_->agent);
    co_return done();
}

// Measured once per connection, looked at again before each request. A launched agent may map more
// of its tree as it goes on: what it maps then is measured, and must be in its manifest.
Async<std::monostate> Connection::recognise() {
    Done known = done();
    if (instance_) known = instance_still_same();
    if (instance_ && !known && instance_->is_launched() &&
        known.error().reason() == "measurement_changed")
        instance_.reset();
    if (!instance_) {
        auto met = co_await meet();
        known = std::move(met);
    }
    if (!known && known.error().code() == Code::denied) {
        session_over_ = true;
        co_await refuse(known.error());
    }
    co_return known;
}

asio::awaitable<void> Connection::refuse(const Error& error) {
    const Refusal refusal{.agent = instance_ ? instance_->agent : "",
                          .uid = peer_.uid,
                          .pid = peer_.pid,
                          .operation = "connect",
                          .reason = error.reason(),
                          .asked = {}};
    // A refusal stays one whatever the ledger says.
    (void)co_await front_.refused(refusal);
}

// To the end of the queue once, so that the loop takes what the admin socket has first.
asio::awaitable<void> Connection::let_admins_pass() {
    if (front_.admin_lane.is_waiting())
        co_await asio::post(socket_.get_executor(), asio::use_awaitable);
}

}  // namespace holdfast::daemon
