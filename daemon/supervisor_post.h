// Post: the place of one child process: who holds it, when the next one starts, who was given up.
#ifndef HOLDFAST_DAEMON_SUPERVISOR_POST_H
#define HOLDFAST_DAEMON_SUPERVISOR_POST_H

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "daemon/link/codec.h"
#include "daemon/supervisor_spawn.h"
#include "holdfast/descriptor.h"

namespace holdfast::daemon {

inline constexpr std::chrono::milliseconds first_backoff{100};
inline constexpr std::chrono::milliseconds longest_backoff{2000};
inline constexpr std::chrono::seconds good_life{10};  // after this long the back-off starts anew
// A killed process that stays (stuck in the kernel) is given up after this and replaced.
inline constexpr std::chrono::milliseconds dying_time{1000};

// One child, its successor, and the one given up. A handful of these make a daemon.
class Post {
  public:
    using Clock = std::chrono::steady_clock;

    Post(std::string program, std::optional<WorkerKind> kind)
        : program_(std::move(program)), kind_(kind) {}

    const std::string& program() const noexcept { return program_; }
    std::optional<WorkerKind> kind() const noexcept { return kind_; }  // none: the front
    std::uint64_t generation() const noexcept { return generation_; }
    bool running() const noexcept { return child_.has_value(); }
    int pidfd() const noexcept { return child_ ? child_->pidfd.get() : -1; }
    int abandoned_pidfd() const noexcept { return abandoned_ ? abandoned_->pidfd.get() : -1; }
    int link() const noexcept { return link_.get(); }
    bool due(Clock::time_point now) const noexcept { return !child_ && now >= start_at_; }
    std::optional<Clock::time_point> next_event() const noexcept;

    std::uint64_t next_generation() noexcept { return ++generation_; }
    void started(Child child, Descriptor link, Clock::time_point now);
    void not_started(Clock::time_point now) { set_backoff(now, now); }
    void kill(bool its_own_fault, Clock::time_point now);
    void close_link() noexcept { link_ = Descriptor(); }

    // Takes the exit status of a child that has ended.
    void reap(Clock::time_point now);
    void reap_abandoned();
    // True when a killed child will not die and was set aside.
    bool give_up(Clock::time_point now);

  private:
    void set_backoff(Clock::time_point born, Clock::time_point now);

    std::string program_;
    std::optional<WorkerKind> kind_;
    std::optional<Child> child_;
    std::optional<Child> abandoned_;
    Descriptor link_;
    std::uint64_t generation_ = 0;
    Clock::time_point started_at_;
    Clock::time_point start_at_;
    std::optional<Clock::time_point> killed_at_;
    bool blameless_ = false;
    std::chrono::milliseconds backoff_ = first_backoff;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_SUPERVISOR_POST_H
