#include "daemon/link/supervisor_link.h"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <utility>

namespace holdfast::daemon {

struct SupervisorLink::Session : std::enable_shared_from_this<Session> {
    Session(const boost::asio::any_io_executor& executor, Events events_in)
        : socket(executor), events(std::move(events_in)) {}

    void read();
    Done take(Message message) const;
    void end();

    boost::asio::posix::stream_descriptor socket;
    Events events;
    bool ended = false;
};

void SupervisorLink::Session::read() {
    using Wait = boost::asio::posix::descriptor_base;
    const auto self = shared_from_this();
    socket.async_wait(Wait::wait_read, [self](const boost::system::error_code& error) {
        if (self->ended) return;
        if (error) return self->end();
        while (!self->ended) {
            auto message = receive_message(self->socket.native_handle());
            if (!message && message.error().code() == Code::busy) return self->read();
            if (!message || !self->take(*std::move(message))) return self->end();
        }
    });
}

Done SupervisorLink::Session::take(Message message) const {
    if (message.operation != Operation::attach || message.descriptors.size() != 1)
        return Error(Code::invalid, "supervisor link: unexpected message");
    HOLDFAST_TRY(worker, decode_worker(message.payload));
    events.attach(worker, std::move(message.descriptors.front()));
    return done();
}

void SupervisorLink::Session::end() {
    if (std::exchange(ended, true)) return;
    boost::system::error_code ignored;
    socket.close(ignored);
    events.gone();
}

SupervisorLink::SupervisorLink(boost::asio::any_io_executor executor, Descriptor socket)
    : executor_(std::move(executor)), socket_(std::move(socket)) {}

SupervisorLink::~SupervisorLink() {
    if (!session_) return;
    session_->ended = true;  // no event after this
    boost::system::error_code ignored;
    session_->socket.close(ignored);
}

Done SupervisorLink::start(Events events) {
    session_ = std::make_shared<Session>(executor_, std::move(events));
    boost::system::error_code error;
    session_->socket.assign(socket_.get(), error);
    if (error) return Error(Code::internal, "supervisor link: " + error.message());
    (void)socket_.give_away();
    session_->socket.native_non_blocking(true, error);
    if (error) return Error(Code::internal, "supervisor link: " + error.message());
    session_->read();
    return done();
}

void SupervisorLink::missed_deadline(WorkerId worker) {
    send(Operation::missed_deadline, encode(worker));
}

void SupervisorLink::ready() {
    send(Operation::ready, Bytes());
}

// A handful of small messages in a process's life: they fit the socket's buffer. If they do not,
// the supervisor reads no more, and that is its end for us.
void SupervisorLink::send(Operation operation, Bytes payload) {
    if (!session_ || session_->ended) return;
    Message message;
    message.operation = operation;
    message.payload = std::move(payload);
    const auto sent = send_message(session_->socket.native_handle(), message);
    if (!sent) session_->end();
}

}  // namespace holdfast::daemon
