#include "daemon/link/worker_session.h"

#include <utility>

namespace holdfast::daemon {
namespace {

namespace asio = boost::asio;
using Wait = asio::posix::descriptor_base;

// What ends a key or an agent goes first.
bool ends_something(Operation operation) {
    switch (operation) {
        case Operation::blow_fuse:
        case Operation::blow_host_fuse:
        case Operation::destroy:
        case Operation::flush_sessions:
        case Operation::end_instance: return true;
        default: return false;
    }
}

}  // namespace

WorkerSession::WorkerSession(const asio::any_io_executor& executor, std::uint64_t generation,
                             OnFailed on_failed)
    : generation_(generation),
      on_failed_(std::move(on_failed)),
      socket_(executor),
      watch_(executor) {}

Done WorkerSession::open(Descriptor descriptor) {
    boost::system::error_code error;
    socket_.assign(descriptor.get(), error);
    if (error) return Error(Code::internal, "link: " + error.message());
    (void)descriptor.give_away();
    socket_.native_non_blocking(true, error);
    if (error) return Error(Code::internal, "link: " + error.message());
    read();
    return done();
}

Done WorkerSession::begin(const CallPointer& call) {
    if (!ends_something(call->message.operation)) {
        HOLDFAST_CHECK(waiting_.push(call->flow, call));
    } else if (urgent_.size() < max_waiting_endings) {
        urgent_.push_back(call);
    } else {
        return Error(Code::busy, "too much is being ended", Retry::later)
            .because("too_many_requests");
    }
    send_next();
    return done();
}

void WorkerSession::give_up(const CallPointer& call) {
    waiting_.remove(call->flow, call);
    std::erase(urgent_, call);
}

void WorkerSession::drop(const Error& why) {
    on_failed_ = nullptr;
    boost::system::error_code ignored;
    socket_.close(ignored);
    watch_.cancel();
    // Completing only schedules the coroutine that waits.
    for (const auto& [id, call] : working_)
        call->complete(why);
    for (const CallPointer& call : urgent_)
        call->complete(why);
    waiting_.for_each([&](const CallPointer& call) { call->complete(why); });
}

void WorkerSession::fail(const std::string& why) {
    if (!on_failed_) return;
    const auto report = std::exchange(on_failed_, nullptr);
    report(*this, why);
}

void WorkerSession::read() {
    const auto self = shared_from_this();
    socket_.async_wait(Wait::wait_read, [self](const boost::system::error_code& error) {
        if (!self->on_failed_) return;
        if (error) return self->fail(error.message());
        const auto taken = self->take_all();
        if (!taken) return self->fail(taken.error().text());
        self->send_next();
        self->read();
    });
}

Done WorkerSession::take_all() {
    for (;;) {
        auto message = receive_message(socket_.native_handle());
        if (!message && message.error().code() == Code::busy) return done();
        if (!message) return std::move(message).error();
        HOLDFAST_CHECK(take(*std::move(message)));
    }
}

// Completing a call only schedules its coroutine, so the session cannot go away in here.
Done WorkerSession::take(Message message) {
    if (message.id == 0 && on_notice_) return on_notice_(std::move(message));
    const auto found = working_.find(message.id);
    if (found == working_.end() || found->second->message.operation != message.operation)
        return Error(Code::invalid, "an answer to no question");
    HOLDFAST_TRY(answer, decode_reply(std::move(message)));
    const CallPointer call = found->second;
    const bool was_oldest = found == working_.begin();
    working_.erase(found);
    if (!ends_something(call->message.operation))
        waiting_.finished(call->flow, Clock::now() - oldest_since_);
    call->complete(std::move(answer));
    if (was_oldest) watch_oldest();
    return done();
}

WorkerSession::CallPointer WorkerSession::next() {
    if (!urgent_.empty()) {
        CallPointer call = std::move(urgent_.front());
        urgent_.pop_front();
        return call;
    }
    auto turn = waiting_.pop();
    if (!turn) return nullptr;
    return std::move(turn->item);
}

void WorkerSession::send_next() {
    while (on_failed_ && working_.size() < link_window) {
        const CallPointer call = next();
        if (!call) return;
        call->message.id = next_id_++;
        Message message = std::move(call->message);
        call->message.operation = message.operation;
        working_.emplace(message.id, call);
        if (working_.size() == 1) watch_oldest();
        unsent_.push_back(std::move(message));
        if (!waits_to_write_) flush();
    }
}

void WorkerSession::flush() {
    while (!unsent_.empty()) {
        const auto sent = send_message(socket_.native_handle(), unsent_.front());
        if (!sent && sent.error().code() == Code::busy) break;
        if (!sent) return fail(sent.error().text());
        unsent_.pop_front();
    }
    if (unsent_.empty()) return;
    waits_to_write_ = true;
    const auto self = shared_from_this();
    socket_.async_wait(Wait::wait_write, [self](const boost::system::error_code& error) {
        if (!self->on_failed_) return;
        self->waits_to_write_ = false;
        if (error) return self->fail(error.message());
        self->flush();
    });
}

// From now on the oldest request is what the worker works on.
void WorkerSession::watch_oldest() {
    watch_.cancel();
    oldest_since_ = Clock::now();
    if (working_.empty()) return;
    const auto oldest = working_.begin()->first;
    watch_.expires_after(working_.begin()->second->patience);
    const auto self = shared_from_this();
    watch_.async_wait([self, oldest](const boost::system::error_code& error) {
        if (error || !self->on_failed_) return;
        // A wait that was already due when it was cancelled arrives without an error.
        if (self->working_.empty() || self->working_.begin()->first != oldest) return;
        self->fail("no answer in time");
    });
}

}  // namespace holdfast::daemon
