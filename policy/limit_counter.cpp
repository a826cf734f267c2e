#include "policy/limit_counter.h"

#include <algorithm>
#include <limits>

namespace holdfast::policy {
namespace {

std::string of(const Limit& limit, const std::string& key) {
    return "limit " + limit.name + (key.empty() ? "" : " for " + key) + ": ";
}

std::string in(std::int64_t seconds) {
    return "room in " + std::to_string(seconds) + " s";
}

Error exceeded(const Limit& limit, const Draw& draw, std::uint64_t used,
               std::optional<std::int64_t> room_in) {
    std::string text = of(limit, draw.key) + std::to_string(used) + " of " +
                       std::to_string(limit.cap) + " used in " + std::to_string(limit.window) +
                       " s, " + std::to_string(draw.amount) + " asked for; ";
    text += room_in ? in(*room_in) : "it is more than there can ever be";
    return Error(Code::denied, std::move(text), room_in ? Retry::later : Retry::never)
        .because("limit_exceeded");
}

}  // namespace

Done LimitCounter::has_room(const Limit& limit, const Draw& draw, std::int64_t now) const {
    if (now < spent_until_)
        return Error(Code::denied,
                     of(limit, draw.key) + "all of it counts as used since a state of this host " +
                         "was accepted; " + in(spent_until_ - now),
                     Retry::later)
            .because("limit_exceeded");
    const auto found = windows_.find(draw.key);
    if (found == windows_.end() && !can_tell_apart(draw.key, now))
        return Error(Code::denied,
                     of(limit, draw.key) + std::to_string(max_limit_keys) +
                         " other values have used it; none more can be told apart",
                     Retry::later)
            .because("limit_keys_exhausted");
    const SlidingWindow unused(window_);
    const SlidingWindow& window = found == windows_.end() ? unused : found->second;
    const std::uint64_t used = window.used(now);
    if (saturating_sum(used, draw.amount) <= limit.cap) return done();
    return exceeded(limit, draw, used, window.room_in(now, draw.amount, limit.cap));
}

void LimitCounter::add(const std::string& key, std::uint64_t amount, std::int64_t time,
                       std::int64_t now) {
    if (amount == 0) return;
    auto found = windows_.find(key);
    if (found == windows_.end()) {
        if (!can_tell_apart(key, now)) return untold_.add(time, amount);
        if (windows_.size() >= max_limit_keys) forget_empty(now);
        found = windows_.emplace(key, SlidingWindow(window_)).first;
    }
    found->second.forget_before(now);
    found->second.add(time, amount);
    may_forget_at_ = std::min(may_forget_at_, found->second.empty_at());
}

void LimitCounter::take_back(const std::string& key, std::uint64_t amount, std::int64_t time) {
    const auto found = windows_.find(key);
    if (found == windows_.end()) return;  // counted among those too many, where it stays
    found->second.take_back(time, amount);
    may_forget_at_ = std::min(may_forget_at_, found->second.empty_at());
    if (found->second.is_empty()) windows_.erase(found);
}

std::uint64_t LimitCounter::used(const std::string& key, std::int64_t now) const {
    const auto found = windows_.find(key);
    return found == windows_.end() ? 0 : found->second.used(now);
}

LimitUse LimitCounter::use(std::int64_t now) const {
    LimitUse most;
    for (const auto& [key, window] : windows_) {
        const std::uint64_t used = window.used(now);
        if (used == 0) continue;
        ++most.keys;
        if (used <= most.used) continue;
        most.used = used;
        most.key = key;
    }
    if (now < spent_until_) most.used = std::numeric_limits<std::uint64_t>::max();
    return most;
}

void LimitCounter::spend_until(std::int64_t time) {
    spent_until_ = std::max(spent_until_, time);
}

// Asked by everybody, also by who is refused then, so it forgets nothing. And it looks at all of
// them, so it waits until it can find something: whoever asks for one value after the other must
// not make each refusal dear.
bool LimitCounter::can_tell_apart(const std::string& key, std::int64_t now) const {
    if (key.empty()) return true;  // the only one
    if (untold_.used(now) != 0) return false;
    if (windows_.size() < max_limit_keys) return true;
    if (now < may_forget_at_) return false;
    return std::ranges::any_of(windows_,
                               [&](const auto& entry) { return entry.second.empty_at() <= now; });
}

void LimitCounter::forget_empty(std::int64_t now) {
    std::erase_if(windows_, [&](const auto& entry) { return entry.second.empty_at() <= now; });
    may_forget_at_ = std::numeric_limits<std::int64_t>::max();
    for (const auto& [key, window] : windows_)
        may_forget_at_ = std::min(may_forget_at_, window.empty_at());
}

}  // namespace holdfast::policy
