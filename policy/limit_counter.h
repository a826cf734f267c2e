// LimitCounter: what one agent has used of one limit: a sliding window for each key value.
#ifndef HOLDFAST_POLICY_LIMIT_COUNTER_H
#define HOLDFAST_POLICY_LIMIT_COUNTER_H

#include <cstdint>
#include <map>
#include <string>

#include "holdfast/result.h"
#include "policy/limit.h"
#include "policy/sliding_window.h"

namespace holdfast::policy {

inline constexpr std::size_t max_limit_keys = 10'000;  // with something in their window

// Of the key value that has used most.
struct LimitUse {
    std::uint64_t used = 0;
    std::string key;       // canonical JSON, or a digest; empty: one window for all
    std::size_t keys = 0;  // that have used anything
};

// Times are Unix seconds that never go back: Limits sees to it.
class LimitCounter {
  public:
    explicit LimitCounter(std::int64_t window) : window_(window), untold_(window) {}

    // denied: limit_exceeded (later, or never when it is more than the whole cap), or
    // limit_keys_exhausted: it would be one key value too many to tell apart.
    Done has_room(const Limit& limit, const Draw& draw, std::int64_t now) const;
    // Never refuses. A key value that is one too many is counted, but with all others of its kind:
    // until these have left the window, no further key is let in.
    void add(const std::string& key, std::uint64_t amount, std::int64_t time, std::int64_t now);
    void take_back(const std::string& key, std::uint64_t amount, std::int64_t time);

    std::uint64_t used(const std::string& key, std::int64_t now) const;
    LimitUse use(std::int64_t now) const;

    // Nothing has room until then.
    void spend_until(std::int64_t time);

  private:
    bool can_tell_apart(const std::string& key, std::int64_t now) const;
    void forget_empty(std::int64_t now);

    std::int64_t window_;
    std::map<std::string, SlidingWindow> windows_;
    SlidingWindow untold_;            // of keys that were too many
    std::int64_t may_forget_at_ = 0;  // no window is empty before
    std::int64_t spent_until_ = 0;
};

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_LIMIT_COUNTER_H
