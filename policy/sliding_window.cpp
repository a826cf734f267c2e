#include "policy/sliding_window.h"

#include <algorithm>
#include <limits>

#include "core/encode/json.h"

namespace holdfast::policy {
namespace {

constexpr std::uint64_t full = std::numeric_limits<std::uint64_t>::max();

}  // namespace

std::uint64_t saturating_sum(std::uint64_t a, std::uint64_t b) noexcept {
    return a > full - b ? full : a + b;
}

std::int64_t SlidingWindow::width() const noexcept {
    return std::max<std::int64_t>((window_ + buckets_per_window - 1) / buckets_per_window, 1);
}

std::int64_t SlidingWindow::number_of(std::int64_t time) const noexcept {
    // Within what a record may say, so that no sum of times overflows.
    return std::clamp<std::int64_t>(time, 0, encode::max_json_integer) / width();
}

std::int64_t SlidingWindow::gone_at(const Bucket& bucket) const noexcept {
    return (bucket.number + 1) * width() + window_;
}

std::vector<SlidingWindow::Bucket>::iterator SlidingWindow::at_or_after(std::int64_t number) {
    return std::ranges::lower_bound(buckets_, number, {}, &Bucket::number);
}

void SlidingWindow::add(std::int64_t time, std::uint64_t amount) {
    if (amount == 0) return;
    const std::int64_t number = number_of(time);
    const auto found = at_or_after(number);
    if (found == buckets_.end() || found->number != number) {
        buckets_.insert(found, Bucket{number, amount});
        return;
    }
    found->amount = saturating_sum(found->amount, amount);
}

void SlidingWindow::take_back(std::int64_t time, std::uint64_t amount) {
    const std::int64_t number = number_of(time);
    const auto found = at_or_after(number);
    if (found == buckets_.end() || found->number != number || found->amount == full) return;
    found->amount -= std::min(found->amount, amount);
    if (found->amount == 0) buckets_.erase(found);
}

void SlidingWindow::forget_before(std::int64_t now) {
    std::erase_if(buckets_, [&](const Bucket& bucket) { return gone_at(bucket) <= now; });
}

std::uint64_t SlidingWindow::used(std::int64_t now) const noexcept {
    std::uint64_t sum = 0;
    for (const Bucket& bucket : buckets_)
        if (gone_at(bucket) > now) sum = saturating_sum(sum, bucket.amount);
    return sum;
}

std::optional<std::int64_t> SlidingWindow::room_in(std::int64_t now, std::uint64_t amount,
                                                   std::uint64_t cap) const {
    if (amount > cap) return std::nullopt;
    // The newest first: what still counts together with the action, until it is too much.
    std::uint64_t counted = amount;
    for (auto bucket = buckets_.rbegin(); bucket != buckets_.rend(); ++bucket) {
        counted = saturating_sum(counted, bucket->amount);
        if (counted > cap) return std::max<std::int64_t>(gone_at(*bucket) - now, 0);
    }
    return 0;
}

std::int64_t SlidingWindow::empty_at() const noexcept {
    return buckets_.empty() ? 0 : gone_at(buckets_.back());
}

}  // namespace holdfast::policy
