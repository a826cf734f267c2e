#include "daemon/supervisor_post.h"

#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <utility>

#include "daemon/log.h"
#include "daemon/pidfd.h"

namespace holdfast::daemon {
namespace {

std::string how_it_ended(const siginfo_t& facts) {
    if (facts.si_code == CLD_EXITED) return "ended with status " + std::to_string(facts.si_status);
    return "was ended by signal " + std::to_string(facts.si_status);
}

siginfo_t wait_for(int pidfd) {
    siginfo_t facts{};
    (void)::waitid(P_PIDFD, static_cast<id_t>(pidfd), &facts, WEXITED | WNOHANG);
    return facts;
}

}  // namespace

std::optional<Post::Clock::time_point> Post::next_event() const noexcept {
    if (!child_) return start_at_;
    if (killed_at_) return *killed_at_ + dying_time;
    return std::nullopt;
}

void Post::started(Child child, Descriptor link, Clock::time_point now) {
    child_ = std::move(child);
    link_ = std::move(link);
    started_at_ = now;
    killed_at_.reset();
    blameless_ = false;
}

void Post::kill(bool its_own_fault, Clock::time_point now) {
    if (!child_ || killed_at_) return;
    (void)pidfd_send_signal(child_->pidfd.get(), SIGKILL);
    killed_at_ = now;
    blameless_ = !its_own_fault;
}

void Post::set_backoff(Clock::time_point born, Clock::time_point now) {
    if (now - born >= good_life) backoff_ = first_backoff;
    start_at_ = now + backoff_;
    backoff_ = std::min(2 * backoff_, longest_backoff);
}

void Post::reap(Clock::time_point now) {
    if (!child_) return;
    const auto facts = wait_for(child_->pidfd.get());
    const std::string text =
        program_ + " (pid " + std::to_string(child_->pid) + ") " + how_it_ended(facts);
    const bool orderly = facts.si_code == CLD_EXITED && facts.si_status == 0;
    orderly ? log_info(text) : log_warning(text);
    child_.reset();
    close_link();
    if (blameless_) {
        start_at_ = now;
        return;
    }
    set_backoff(started_at_, now);
}

void Post::reap_abandoned() {
    if (!abandoned_) return;
    log_info(program_ + " (pid " + std::to_string(abandoned_->pid) + ", given up before) " +
             how_it_ended(wait_for(abandoned_->pidfd.get())));
    abandoned_.reset();
}

bool Post::give_up(Clock::time_point now) {
    if (!child_ || !killed_at_ || now < *killed_at_ + dying_time) return false;
    // At most one: a machine on which a second one sticks has no use for a third.
    if (abandoned_) {
        killed_at_ = now;
        return false;
    }
    log_error(program_ + " (pid " + std::to_string(child_->pid) +
              ") does not die: stuck in the kernel, given up");
    abandoned_ = std::exchange(child_, std::nullopt);
    close_link();
    start_at_ = now;
    return true;
}

}  // namespace holdfast::daemon
