// WorkerLink: the front's end of one worker. Calls have flows and deadlines; none blocks the loop.
#ifndef HOLDFAST_DAEMON_LINK_WORKER_LINK_H
#define HOLDFAST_DAEMON_LINK_WORKER_LINK_H

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/link/async.h"
#include "daemon/link/codec.h"
#include "daemon/link/messages.h"

namespace holdfast::daemon {

class WorkerSession;
using Patience = std::chrono::milliseconds;

// How long a caller waits, and how long the worker may be busy with one request.
Patience patience_of(Operation operation) noexcept;

// What is asked of a worker.
struct Errand {
    Operation operation{};
    Bytes payload;
    std::vector<Descriptor> descriptors;
    // Who shares the worker's time: a key id, a uid; "" for what operators ask.
    std::string flow;
};

// One caller waits for its own deadline; the worker is judged by what it is doing: it works on one
// request at a time, in order, so it hangs when the oldest one takes longer than its patience.
// Then, at EOF and after a malformed message, the link is dropped, every call of it fails and
// on_failed tells the supervisor's end. Without a link, calls fail at once.
class WorkerLink {
  public:
    using OnFailed = std::function<void(WorkerId worker)>;
    using PatienceOf = std::function<Patience(Operation)>;
    // What a worker tells unasked (id 0). An error fails the link.
    using OnNotice = std::function<Done(Message notice)>;

    WorkerLink(boost::asio::any_io_executor executor, WorkerKind kind, OnFailed on_failed,
               PatienceOf patience = patience_of);
    WorkerLink(const WorkerLink&) = delete;
    WorkerLink& operator=(const WorkerLink&) = delete;
    ~WorkerLink();

    // Before the first worker is attached; without it a notice is nonsense and fails the link.
    void on_notice(OnNotice on_notice) { on_notice_ = std::move(on_notice); }

    // A new worker behind a new socket; calls still under way with an old one fail.
    void attach(Descriptor socket, std::uint64_t generation);
    bool attached() const noexcept { return session_ != nullptr; }
    // Would a call be heard at all? unavailable [keys_unavailable, measurer_unavailable].
    Done available() const;
    WorkerKind kind() const noexcept { return kind_; }

    // unavailable: no worker, or it failed meanwhile [keys_unavailable, measurer_unavailable].
    // busy, unavailable: too many wait [too_many_requests]. timeout: the deadline passed; if the
    // worker had it already, the outcome is unknown.
    Async<Reply> call(Errand errand);

  private:
    std::shared_ptr<WorkerSession> session_of(std::uint64_t generation);
    void failed(const WorkerSession& session, const std::string& why);
    Error unavailable(const std::string& why, Code code = Code::unavailable) const;

    boost::asio::any_io_executor executor_;
    WorkerKind kind_;
    OnFailed on_failed_;
    OnNotice on_notice_;
    PatienceOf patience_;
    std::shared_ptr<WorkerSession> session_;  // the other owners: its own pending waits
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LINK_WORKER_LINK_H
