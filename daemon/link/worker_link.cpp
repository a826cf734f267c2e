#include "daemon/link/worker_link.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

#include "daemon/link/worker_session.h"

namespace holdfast::daemon {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC, as the messages' deadlines

std::uint64_t nanoseconds_of(Clock::time_point time) {
    const auto since =
        std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch());
    return static_cast<std::uint64_t>(since.count());
}

const char* reason_of(WorkerKind kind) {
    switch (kind) {
        case WorkerKind::keys:
        case WorkerKind::keys_pkcs11: return "keys_unavailable";
        case WorkerKind::measurer: return "measurer_unavailable";
        case WorkerKind::launcher: return "launcher_unavailable";
    }
    return "";
}

std::shared_ptr<WorkerCall> call_of(const asio::any_io_executor& executor, Errand errand,
                                    Patience patience) {
    auto call = std::make_shared<WorkerCall>(executor);
    call->flow = std::move(errand.flow);
    call->patience = patience;
    call->answered.expires_after(patience);
    call->message.operation = errand.operation;
    call->message.deadline_ns = nanoseconds_of(call->answered.expiry());
    call->message.payload = std::move(errand.payload);
    call->message.descriptors = std::move(errand.descriptors);
    return call;
}

}  // namespace

Patience patience_of(Operation operation) noexcept {
    using std::chrono::seconds;
    switch (operation) {
        case Operation::sign: return seconds(3);
        case Operation::attest: return seconds(5);
        case Operation::measure:
        case Operation::check_view:
        case Operation::end_instance:
        case Operation::list_instances:
        case Operation::describe_instance: return seconds(10);
        case Operation::release_launch:
        case Operation::blow_fuse:
        case Operation::blow_host_fuse:
        case Operation::destroy:
        case Operation::list:
        case Operation::extend_register:
        case Operation::register_log:
        case Operation::read_anchor:
        case Operation::advance_anchor:
        case Operation::flush_sessions:
        case Operation::activate: return seconds(15);
        default: return seconds(60);
    }
}

WorkerLink::WorkerLink(asio::any_io_executor executor, WorkerKind kind, OnFailed on_failed,
                       PatienceOf patience)
    : executor_(std::move(executor)),
      kind_(kind),
      on_failed_(std::move(on_failed)),
      patience_(std::move(patience)) {}

// NOLINTNEXTLINE(bugprone-exception-escape): Asio's cancel() has nothing to throw.
WorkerLink::~WorkerLink() {
    if (session_) session_->drop(unavailable("is not needed any more"));
}

std::shared_ptr<WorkerSession> WorkerLink::session_of(std::uint64_t generation) {
    auto on_failed = [this](const WorkerSession& session, const std::string& why) {
        failed(session, why);
    };
    auto session = std::make_shared<WorkerSession>(executor_, generation, std::move(on_failed));
    session->on_notice(on_notice_);
    return session;
}

void WorkerLink::attach(Descriptor socket, std::uint64_t generation) {
    const auto old = std::exchange(session_, session_of(generation));
    if (old) old->drop(unavailable("was replaced"));
    const auto session = session_;  // what follows may fail it
    const auto opened = session->open(std::move(socket));
    if (!opened) return failed(*session, opened.error().text());
    // A keys worker opens its TPM first, which takes longer than a signature may: this request is
    // its oldest until then, so it is judged by the patience of `host`.
    if (kind_ != WorkerKind::keys && kind_ != WorkerKind::keys_pkcs11) return;
    Errand hello;
    hello.operation = Operation::host;
    (void)session->begin(call_of(executor_, std::move(hello), patience_(Operation::host)));
}

Error WorkerLink::unavailable(const std::string& why, Code code) const {
    const std::string text = std::string(name_of(kind_)) + " worker: " + why;
    return Error(code, text, Retry::later).because(reason_of(kind_));
}

Done WorkerLink::available() const {
    if (!session_) return unavailable("is being started");
    return done();
}

void WorkerLink::failed(const WorkerSession& session, const std::string& why) {
    if (session_.get() != &session) return;
    const auto gone = std::exchange(session_, nullptr);
    gone->drop(unavailable(why));
    on_failed_(WorkerId{kind_, gone->generation()});
}

Async<Reply> WorkerLink::call(Errand errand) {
    if (errand.payload.size() > max_payload || errand.descriptors.size() > max_descriptors)
        co_return Error(Code::invalid, "link: request too large");
    HOLDFAST_CO_CHECK(available());
    const auto session = session_;  // sending may fail it
    const auto patience = patience_(errand.operation);
    const auto call = call_of(executor_, std::move(errand), patience);
    HOLDFAST_CO_CHECK(session->begin(call));
    if (!call->answer) {
        auto waited = co_await call->answered.async_wait(asio::as_tuple(asio::use_awaitable));
        (void)waited;
    }
    if (call->answer) co_return *std::move(call->answer);
    session->give_up(call);
    co_return unavailable("no answer in time", Code::timeout);
}

}  // namespace holdfast::daemon
