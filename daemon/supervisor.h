// The supervisor: starts the other processes, replaces those that fail, ends all of them together.
#ifndef HOLDFAST_DAEMON_SUPERVISOR_H
#define HOLDFAST_DAEMON_SUPERVISOR_H

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "daemon/config.h"
#include "daemon/link/codec.h"
#include "daemon/supervisor_kept.h"
#include "daemon/supervisor_post.h"
#include "daemon/supervisor_sockets.h"
#include "daemon/supervisor_spawn.h"
#include "daemon/supervisor_state.h"
#include "holdfast/descriptor.h"
#include "holdfast/result.h"

namespace holdfast::daemon {

inline constexpr std::chrono::seconds orderly_end{5};  // the front's time to finish
inline constexpr unsigned max_failed_starts = 5;       // of a front that was never ready

class Supervisor {
  public:
    struct Parts {
        Settings settings;
        Accounts accounts;
        Listeners listeners;
        Descriptor lock;  // held for as long as we live
        Descriptor settings_memory;
        Descriptor signals;  // signalfd of SIGTERM and SIGINT
    };
    explicit Supervisor(Parts parts);
    Supervisor(const Supervisor&) = delete;
    Supervisor& operator=(const Supervisor&) = delete;
    ~Supervisor() = default;

    // Until SIGTERM or SIGINT, or until the front cannot be started: the process's exit status.
    int run();

  private:
    using Clock = Post::Clock;

    void start_due(Clock::time_point now);
    void start_front(Clock::time_point now);
    void start_worker(Post& worker, WorkerKind kind, Clock::time_point now);
    ChildPlan plan_of(const Post& post) const;
    Descriptor pin_for(WorkerKind kind);

    void wait(std::optional<Clock::time_point> until);
    void look_after(Post& post, Clock::time_point now);
    void front_ended(Clock::time_point now);
    void hear_front(Clock::time_point now);
    Done take(const Message& message, Clock::time_point now);
    std::optional<Clock::time_point> next_event() const;

    bool was_asked_to_end() const;
    void end_all();
    bool wait_for_end(const std::vector<Post*>& awaited, Clock::duration patience);
    void hear_launcher(Post& launcher, Clock::time_point now);

    Parts parts_;
    std::vector<Post> posts_;  // the front first; never grows after the constructor
    Post& front_;
    KeptInstances kept_;
    std::string pin_trouble_;
    unsigned failed_starts_ = 0;
    bool was_ready_ = false;
    std::optional<int> exit_status_;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_SUPERVISOR_H
