#include "daemon/link/worker_link.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <deque>
#include <map>
#include <optional>
#include <utility>

namespace holdfast::daemon {
namespace {

namespace asio = boost::asio;
using Wait = asio::posix::descriptor_base;
using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC, as the messages' deadlines

std::uint64_t nanoseconds_of(Clock::time_point time) {
    const auto since =
        std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch());
    return static_cast<std::uint64_t>(since.count());
}

const char* reason_of(WorkerKind kind) {
    return kind == WorkerKind::keys ? "keys_unavailable" : "measurer_unavailable";
}

unsigned credits_of(Operation operation) {
    switch (operation) {
        case Operation::blow_fuse:
        case Operation::blow_host_fuse:
        case Operation::destroy: return link_credits + ending_credits;
        default: return link_credits;
    }
}

}  // namespace

Patience patience_of(Operation operation) noexcept {
    using std::chrono::seconds;
    switch (operation) {
        case Operation::sign: return seconds(3);
        case Operation::attest: return seconds(5);
        case Operation::measure: return seconds(10);
        case Operation::blow_fuse:
        case Operation::blow_host_fuse:
        case Operation::destroy:
        case Operation::list:
        case Operation::activate: return seconds(15);
        default: return seconds(60);
    }
}

// One request in flight. The other owner besides the session's map is the waiting coroutine.
struct WorkerLink::Call {
    Call(const asio::any_io_executor& executor, Patience patience_in)
        : answered(executor), patience(patience_in) {}

    void complete(Result<Reply> with) {
        answer.emplace(std::move(with));
        answered.cancel();
    }

    asio::steady_timer answered;  // expires at the caller's deadline, cancelled by the answer
    Patience patience;
    Operation operation{};
    std::optional<Result<Reply>> answer;
};

// One worker, from attach to its failure. Handlers hold the session; a dropped one has no link.
struct WorkerLink::Session : std::enable_shared_from_this<Session> {
    Session(WorkerLink& owner, std::uint64_t generation_in)
        : link(&owner),
          generation(generation_in),
          socket(owner.executor_),
          watch(owner.executor_) {}

    Done open(Descriptor descriptor);
    void drop();
    void read();
    void send(Message message);
    void flush();
    void watch_oldest();
    Done take_all();
    Done take(Message message);

    WorkerLink* link;
    std::uint64_t generation;
    asio::posix::stream_descriptor socket;
    asio::steady_timer watch;
    std::map<std::uint64_t, std::shared_ptr<Call>> calls;  // by id: the oldest first
    std::deque<Message> unsent;
    bool waits_to_write = false;
};

Done WorkerLink::Session::open(Descriptor descriptor) {
    boost::system::error_code error;
    socket.assign(descriptor.get(), error);
    if (error) return Error(Code::internal, "link: " + error.message());
    (void)descriptor.give_away();
    socket.native_non_blocking(true, error);
    if (error) return Error(Code::internal, "link: " + error.message());
    return done();
}

void WorkerLink::Session::drop() {
    link = nullptr;
    boost::system::error_code ignored;
    socket.close(ignored);
    watch.cancel();
}

void WorkerLink::Session::read() {
    const auto self = shared_from_this();
    socket.async_wait(Wait::wait_read, [self](const boost::system::error_code& error) {
        if (self->link == nullptr) return;
        if (error) return self->link->fail(*self, error.message());
        const auto taken = self->take_all();
        if (!taken) return self->link->fail(*self, taken.error().text());
        self->read();
    });
}

Done WorkerLink::Session::take_all() {
    for (;;) {
        auto message = receive_message(socket.native_handle());
        if (!message && message.error().code() == Code::busy) return done();
        if (!message) return std::move(message).error();
        HOLDFAST_CHECK(take(*std::move(message)));
    }
}

// Completing a call only schedules its coroutine, so the session cannot go away in here.
Done WorkerLink::Session::take(Message message) {
    const auto found = calls.find(message.id);
    if (found == calls.end() || found->second->operation != message.operation)
        return Error(Code::invalid, "an answer to no question");
    HOLDFAST_TRY(answer, decode_reply(std::move(message)));
    const auto call = found->second;
    const bool was_oldest = found == calls.begin();
    calls.erase(found);
    call->complete(std::move(answer));
    if (was_oldest) watch_oldest();
    return done();
}

void WorkerLink::Session::send(Message message) {
    unsent.push_back(std::move(message));
    if (!waits_to_write) flush();
}

void WorkerLink::Session::flush() {
    while (!unsent.empty()) {
        const auto sent = send_message(socket.native_handle(), unsent.front());
        if (!sent && sent.error().code() == Code::busy) break;
        if (!sent) return link->fail(*this, sent.error().text());
        unsent.pop_front();
    }
    if (unsent.empty()) return;
    waits_to_write = true;
    const auto self = shared_from_this();
    socket.async_wait(Wait::wait_write, [self](const boost::system::error_code& error) {
        if (self->link == nullptr) return;
        self->waits_to_write = false;
        if (error) return self->link->fail(*self, error.message());
        self->flush();
    });
}

// From now on the oldest request is what the worker works on.
void WorkerLink::Session::watch_oldest() {
    watch.cancel();
    if (calls.empty()) return;
    const auto oldest = calls.begin()->first;
    watch.expires_after(calls.begin()->second->patience);
    const auto self = shared_from_this();
    watch.async_wait([self, oldest](const boost::system::error_code& error) {
        if (error || self->link == nullptr) return;
        // A wait that was already due when it was cancelled arrives without an error.
        if (self->calls.empty() || self->calls.begin()->first != oldest) return;
        self->link->fail(*self, "no answer in time");
    });
}

WorkerLink::WorkerLink(asio::any_io_executor executor, WorkerKind kind, OnFailed on_failed,
                       PatienceOf patience)
    : executor_(std::move(executor)),
      kind_(kind),
      on_failed_(std::move(on_failed)),
      patience_(std::move(patience)) {}

// NOLINTNEXTLINE(bugprone-exception-escape): Asio's cancel() has nothing to throw.
WorkerLink::~WorkerLink() {
    if (session_) session_->drop();
}

void WorkerLink::attach(Descriptor socket, std::uint64_t generation) {
    const auto old = std::exchange(session_, nullptr);
    if (old) {
        old->drop();
        for (const auto& [id, call] : old->calls)
            call->complete(unavailable("was replaced"));
    }
    const auto session = std::make_shared<Session>(*this, generation);
    session_ = session;
    const auto opened = session->open(std::move(socket));
    if (!opened) return fail(*session, opened.error().text());
    session->read();
    // A keys worker opens its TPM first, which takes longer than a signature may: this request is
    // its oldest until then, so it is judged by the patience of `host`.
    if (kind_ == WorkerKind::keys) (void)begin_call(Operation::host, Bytes(), {});
}

Error WorkerLink::unavailable(const std::string& why, Code code) const {
    const std::string text = std::string(name_of(kind_)) + " worker: " + why;
    return Error(code, text, Retry::later).because(reason_of(kind_));
}

void WorkerLink::fail(const Session& session, const std::string& why) {
    if (session_.get() != &session) return;
    const auto failed = std::exchange(session_, nullptr);
    failed->drop();
    for (const auto& [id, call] : failed->calls)
        call->complete(unavailable(why));
    on_failed_(WorkerId{kind_, failed->generation});
}

std::shared_ptr<WorkerLink::Call> WorkerLink::begin_call(Operation operation, Bytes payload,
                                                         std::vector<Descriptor> descriptors) {
    auto call = std::make_shared<Call>(executor_, patience_(operation));
    call->operation = operation;
    call->answered.expires_after(call->patience);

    Message message;
    message.id = next_id_++;
    message.operation = operation;
    message.deadline_ns = nanoseconds_of(call->answered.expiry());
    message.payload = std::move(payload);
    message.descriptors = std::move(descriptors);

    const auto session = session_;  // sending may fail it
    session->calls.emplace(message.id, call);
    if (session->calls.size() == 1) session->watch_oldest();
    session->send(std::move(message));
    return call;
}

Async<Reply> WorkerLink::call(Operation operation, Bytes payload,
                              std::vector<Descriptor> descriptors) {
    if (payload.size() > max_payload || descriptors.size() > max_descriptors)
        co_return Error(Code::invalid, "link: request too large");
    if (!session_) co_return unavailable("is being started");
    if (session_->calls.size() >= credits_of(operation))
        co_return Error(Code::busy, "too many requests in flight", Retry::later)
            .because("too_many_requests");

    const auto call = begin_call(operation, std::move(payload), std::move(descriptors));
    if (!call->answer) {
        auto waited = co_await call->answered.async_wait(asio::as_tuple(asio::use_awaitable));
        (void)waited;
    }
    // Without an answer the request keeps its credit until the worker has dealt with it.
    if (!call->answer) co_return unavailable("no answer in time", Code::timeout);
    co_return *std::move(call->answer);
}

Async<Reply> WorkerLink::call(Operation operation, Bytes payload) {
    return call(operation, std::move(payload), std::vector<Descriptor>());
}

}  // namespace holdfast::daemon
