// MinuteTurns: so many in a minute. A turn that was taken comes back a minute later.
#ifndef HOLDFAST_DAEMON_STATE_MINUTE_TURNS_H
#define HOLDFAST_DAEMON_STATE_MINUTE_TURNS_H

#include <cstddef>
#include <cstdint>
#include <deque>

namespace holdfast::daemon {

inline constexpr std::int64_t turn_ns = 60'000'000'000;  // how long a turn stays taken

// A bucket whose tokens return one by one, each a minute after it was taken: so no minute, wherever
// it begins, has more than `rate` of them. Holds `rate` moments at most (max_rate bounds that).
// Moments are nanoseconds of one clock that never goes back.
class MinuteTurns {
  public:
    explicit MinuteTurns(std::int64_t rate) : rate_(rate) {}

    bool has_one(std::int64_t now) const {
        std::size_t back = 0;
        while (back < taken_.size() && now - taken_[back] >= turn_ns)
            ++back;
        return static_cast<std::int64_t>(taken_.size() - back) < rate_;
    }
    // False, and nothing taken, when there is none.
    bool take(std::int64_t now) {
        if (!has_one(now)) return false;
        while (!taken_.empty() && now - taken_.front() >= turn_ns)
            taken_.pop_front();
        taken_.push_back(now);
        return true;
    }
    // What was taken stays taken under another rate.
    void set_rate(std::int64_t rate) noexcept { rate_ = rate; }
    std::int64_t rate() const noexcept { return rate_; }

  private:
    std::int64_t rate_;
    std::deque<std::int64_t> taken_;  // oldest first
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_MINUTE_TURNS_H
