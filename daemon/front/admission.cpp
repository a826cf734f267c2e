#include "daemon/front/admission.h"

#include <utility>

namespace holdfast::daemon {

Counter::Seat::Seat(Seat&& other) noexcept
    : counter_(std::exchange(other.counter_, nullptr)), whose_(other.whose_) {}

Counter::Seat& Counter::Seat::operator=(Seat&& other) noexcept {
    std::swap(counter_, other.counter_);
    std::swap(whose_, other.whose_);
    return *this;
}

Counter::Seat::~Seat() {
    if (counter_ != nullptr) counter_->give_back(whose_);
}

Result<Counter::Seat> Counter::take(const std::string& whose) {
    if (taken_ >= limit_)
        return Error(Code::unavailable, "the daemon is at its limit", Retry::later)
            .because("too_many_requests");
    const auto mine =
        each_.try_emplace(whose, 0).first;  // limit_each_ is never 0: it does not leak
    if (mine->second >= limit_each_)
        return Error(Code::busy, whose + " is at its limit", Retry::later)
            .because("too_many_requests");
    ++mine->second;
    ++taken_;
    return Seat(*this, mine);
}

void Counter::give_back(Taken::iterator whose) {
    --taken_;
    if (--whose->second == 0) each_.erase(whose);
}

}  // namespace holdfast::daemon
