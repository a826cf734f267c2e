// SupervisorLink: the front's end of its supervisor: workers come in, missed deadlines go out.
#ifndef HOLDFAST_DAEMON_LINK_SUPERVISOR_LINK_H
#define HOLDFAST_DAEMON_LINK_SUPERVISOR_LINK_H

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>

#include "daemon/link/codec.h"
#include "daemon/link/messages.h"

namespace holdfast::daemon {

class SupervisorLink {
  public:
    struct Events {
        std::function<void(WorkerId worker, Descriptor socket)> attach;
        // EOF or nonsense: the supervisor is gone, the front ends.
        std::function<void()> gone;
    };

    SupervisorLink(boost::asio::any_io_executor executor, Descriptor socket);
    SupervisorLink(const SupervisorLink&) = delete;
    SupervisorLink& operator=(const SupervisorLink&) = delete;
    ~SupervisorLink();

    // Once; the events come on the executor.
    Done start(Events events);

    // "This worker has failed: replace it." A worker replaced meanwhile is left alone.
    void missed_deadline(WorkerId worker);
    // "I serve": systemd is told.
    void ready();

  private:
    struct Session;
    void send(Operation operation, Bytes payload);

    boost::asio::any_io_executor executor_;
    Descriptor socket_;
    std::shared_ptr<Session> session_;  // the other owner: its pending wait
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LINK_SUPERVISOR_LINK_H
