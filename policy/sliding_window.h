// SlidingWindow: how much was used within the last so many seconds, in buckets of time.
#ifndef HOLDFAST_POLICY_SLIDING_WINDOW_H
#define HOLDFAST_POLICY_SLIDING_WINDOW_H

#include <cstdint>
#include <optional>
#include <vector>

namespace holdfast::policy {

inline constexpr std::int64_t buckets_per_window = 64;

// a + b, or the largest number there is.
std::uint64_t saturating_sum(std::uint64_t a, std::uint64_t b) noexcept;

// An event of time t counts at `now` while t > now − window; here it counts until its whole bucket
// is that old, so up to a 64th of the window (or a second) longer, and never shorter. Times are
// Unix seconds; an event may lie ahead of `now`, and counts. What is forgotten does not come back
// with a clock that does: whoever owns this sees to it that `now` never goes back.
class SlidingWindow {
  public:
    explicit SlidingWindow(std::int64_t window) : window_(window) {}

    void add(std::int64_t time, std::uint64_t amount);
    // What add() was given. A bucket that was once full stays full: it forgot how much was in it.
    void take_back(std::int64_t time, std::uint64_t amount);
    void forget_before(std::int64_t now);

    std::uint64_t used(std::int64_t now) const noexcept;
    bool is_empty() const noexcept { return buckets_.empty(); }
    // Seconds from `now` until `amount` more is not above `cap`; none: it never will be.
    std::optional<std::int64_t> room_in(std::int64_t now, std::uint64_t amount,
                                        std::uint64_t cap) const;
    // From when on nothing of this counts.
    std::int64_t empty_at() const noexcept;

  private:
    struct Bucket {
        std::int64_t number;
        std::uint64_t amount;
    };
    std::int64_t width() const noexcept;
    std::int64_t number_of(std::int64_t time) const noexcept;
    std::int64_t gone_at(const Bucket& bucket) const noexcept;
    std::vector<Bucket>::iterator at_or_after(std::int64_t number);

    std::int64_t window_;
    std::vector<Bucket> buckets_;  // by number; only those with something in them
};

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_SLIDING_WINDOW_H
