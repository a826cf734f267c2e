#include "daemon/state/approvals.h"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <utility>

namespace holdfast::daemon {
namespace {

Error unknown(std::string_view id) {
    return Error(Code::not_found, "no approval " + std::string(id) + " is kept here")
        .because("unknown_approval");
}

Error too_many(const std::string& whose) {
    return Error(Code::busy, "as many approvals of " + whose + " are open as can be", Retry::later)
        .because("too_many_approvals");
}

std::int64_t end_of(const Approvals::Kept& kept) {
    return kept.approval.document().expires;
}

}  // namespace

Done Approvals::make_room(std::string_view agent, std::int64_t now) {
    std::size_t open_of_agent = 0;
    auto first_closed = kept_.end();
    for (auto at = kept_.begin(); at != kept_.end(); ++at) {
        const Kept& kept = at->second;
        if (kept.approval.is_open(now)) {
            open_of_agent += kept.agent == agent ? 1U : 0U;
            continue;
        }
        if (first_closed == kept_.end() || end_of(kept) < end_of(first_closed->second))
            first_closed = at;
    }
    if (open_of_agent >= max_open_approvals_per_agent)
        return too_many("agent " + std::string(agent));
    if (kept_.size() < max_approvals_kept) return done();
    if (first_closed == kept_.end()) return too_many("all agents");
    kept_.erase(first_closed);
    return done();
}

Done Approvals::add(std::string agent, policy::Approval approval, std::int64_t now) {
    HOLDFAST_CHECK(make_room(agent, now));
    const std::string id = approval.document().id;
    const auto [at, added] =
        kept_.try_emplace(id, Kept{std::move(agent), std::move(approval), false});
    if (!added) return Error(Code::internal, "approval " + at->first + " is there already");
    return done();
}

void Approvals::remove(std::string_view id) {
    const auto found = kept_.find(id);
    if (found != kept_.end()) kept_.erase(found);
    changed(id);
}

Result<Approvals::Kept*> Approvals::find(std::string_view id) {
    const auto found = kept_.find(id);
    if (found == kept_.end()) return unknown(id);
    return &found->second;
}

Result<const Approvals::Kept*> Approvals::find_of(std::string_view agent,
                                                  std::string_view id) const {
    const auto found = kept_.find(id);
    if (found == kept_.end() || found->second.agent != agent) return unknown(id);
    return &found->second;
}

void Approvals::forget(std::string_view agent) {
    std::vector<std::string> ids;
    for (const auto& [id, kept] : kept_)
        if (kept.agent == agent) ids.push_back(id);
    for (const std::string& id : ids)
        remove(id);
}

std::vector<std::string> Approvals::newly_expired(std::int64_t now) {
    std::vector<std::string> ids;
    for (auto& [id, kept] : kept_) {
        if (kept.is_over || kept.approval.state(now) != policy::ApprovalState::expired) continue;
        kept.is_over = true;
        ids.push_back(id);
    }
    return ids;
}

std::optional<std::int64_t> Approvals::next_end() const {
    std::optional<std::int64_t> next;
    for (const auto& [id, kept] : kept_) {
        if (kept.is_over || !kept.approval.can_expire()) continue;
        next = std::min(next.value_or(end_of(kept)), end_of(kept));
    }
    return next;
}

Async<std::monostate> Approvals::change(std::string id, std::chrono::milliseconds at_most) {
    const auto executor = co_await boost::asio::this_coro::executor;
    const auto bell = std::make_shared<Bell>(executor);
    waits_.emplace(id, bell);
    co_await bell->rung_within(at_most);
    const auto [first, last] = waits_.equal_range(id);
    const auto mine =
        std::find_if(first, last, [&bell](const auto& wait) { return wait.second.lock() == bell; });
    if (mine != last) waits_.erase(mine);
    co_return done();
}

void Approvals::changed(std::string_view id) {
    const auto [first, last] = waits_.equal_range(id);
    for (auto at = first; at != last; ++at)
        if (const auto bell = at->second.lock()) bell->ring();
}

}  // namespace holdfast::daemon
