// WorkerSession: one worker behind its socket, from attach to its failure, and who waits for it.
#ifndef HOLDFAST_DAEMON_LINK_WORKER_SESSION_H
#define HOLDFAST_DAEMON_LINK_WORKER_SESSION_H

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "daemon/link/codec.h"
#include "daemon/link/fair_queue.h"
#include "daemon/link/messages.h"

namespace holdfast::daemon {

// One request, from its caller's question to the answer. Owners: the session's queue or map, and
// the coroutine that waits.
struct WorkerCall {
    explicit WorkerCall(const boost::asio::any_io_executor& executor) : answered(executor) {}

    void complete(Result<Reply> with) {
        answer.emplace(std::move(with));
        answered.cancel();
    }

    Message message;   // given away when it is sent
    std::string flow;  // whose turn it takes; "" for those of operators
    std::chrono::milliseconds patience{};
    boost::asio::steady_timer
        answered;  // expires at the caller's deadline, cancelled by the answer
    std::optional<Result<Reply>> answer;
};

// At most link_window requests are with the worker, which does one after the other; the others wait
// here, where each flow has its turn and who gives up costs the worker nothing. What ends a key
// goes first. Asio's callbacks hold the session; a dropped one reports nothing any more.
class WorkerSession : public std::enable_shared_from_this<WorkerSession> {
  public:
    using OnFailed = std::function<void(const WorkerSession&, const std::string& why)>;
    using CallPointer = std::shared_ptr<WorkerCall>;

    WorkerSession(const boost::asio::any_io_executor& executor, std::uint64_t generation,
                  OnFailed on_failed);

    void on_notice(std::function<Done(Message)> on_notice) { on_notice_ = std::move(on_notice); }
    Done open(Descriptor descriptor);
    std::uint64_t generation() const noexcept { return generation_; }

    // Too many wait: busy or unavailable, reason too_many_requests. It may fail the session.
    Done begin(const CallPointer& call);
    // The caller waits no longer. What the worker has already keeps its place there.
    void give_up(const CallPointer& call);
    // Closes, and completes every call with this.
    void drop(const Error& why);

  private:
    using Clock = std::chrono::steady_clock;

    void fail(const std::string& why);
    void read();
    Done take_all();
    Done take(Message message);
    CallPointer next();
    void send_next();
    void flush();
    void watch_oldest();

    std::uint64_t generation_;
    OnFailed on_failed_;  // empty: dropped
    std::function<Done(Message)> on_notice_;
    boost::asio::posix::stream_descriptor socket_;
    boost::asio::steady_timer watch_;
    Clock::time_point oldest_since_;
    std::uint64_t next_id_ = 1;
    std::map<std::uint64_t, CallPointer> working_;  // with the worker, by id: the oldest first
    std::deque<CallPointer> urgent_;
    FairQueue<CallPointer> waiting_{{max_waiting, max_waiting_per_flow}};
    std::deque<Message> unsent_;
    bool waits_to_write_ = false;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LINK_WORKER_SESSION_H
