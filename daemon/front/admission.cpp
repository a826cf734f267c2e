#include "daemon/front/admission.h"

#include <utility>

namespace holdfast::daemon {

Counter::Seat::Seat(Seat&& other) noexcept
    : counter_(std::exchange(other.counter_, nullptr)), uid_(other.uid_) {}

Counter::Seat& Counter::Seat::operator=(Seat&& other) noexcept {
    std::swap(counter_, other.counter_);
    std::swap(uid_, other.uid_);
    return *this;
}

Counter::Seat::~Seat() {
    if (counter_ != nullptr) counter_->give_back(uid_);
}

Result<Counter::Seat> Counter::take(uid_t uid) {
    if (taken_ >= limit_)
        return Error(Code::unavailable, "the daemon is at its limit", Retry::later)
            .because("too_many_requests");
    auto& mine = per_uid_[uid];  // an entry left at 0 would be a leak: limit_per_uid_ is never 0
    if (mine >= limit_per_uid_)
        return Error(Code::busy, "uid " + std::to_string(uid) + " is at its limit", Retry::later)
            .because("too_many_requests");
    ++mine;
    ++taken_;
    return Seat(*this, uid);
}

void Counter::give_back(uid_t uid) {
    --taken_;
    const auto mine = per_uid_.find(uid);
    if (--mine->second == 0) per_uid_.erase(mine);
}

}  // namespace holdfast::daemon
