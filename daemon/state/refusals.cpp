#include "daemon/state/refusals.h"

#include <algorithm>
#include <vector>

namespace holdfast::daemon {

namespace {

using encode::Json;

Async<std::monostate> only_counted() {
    co_return done();
}

Json::Object members_of(const Refusal& refusal) {
    Json::Object members = {
        {"operation", refusal.operation},
        {"pid", static_cast<std::int64_t>(refusal.pid)},
        {"reason", refusal.reason},
        {"uid", static_cast<std::int64_t>(refusal.uid)},
    };
    if (!refusal.agent.empty()) members.emplace("agent", refusal.agent);
    return members;
}

// Queued by now. What was asked may not fit a record; that there was a refusal always does.
Async<std::monostate> recorded(Ledger& ledger, Async<std::uint64_t> queued, Json::Object bare) {
    auto index = co_await std::move(queued);
    if (index) co_return done();
    if (index.error().code() != Code::invalid) co_return std::move(index).error();
    HOLDFAST_CO_TRY(second, co_await ledger.append("refused", std::move(bare)));
    (void)second;
    co_return done();
}

std::int64_t number(std::uint64_t count) {
    return static_cast<std::int64_t>(count);
}

}  // namespace

Refusals::Refusals(Ledger& ledger, Now now)
    : ledger_(ledger), now_(std::move(now)), window_start_(now_()) {}

bool Refusals::within_budget(const Refusal& refusal) {
    // While nothing can be written all are counted, and summed once the ledger is back.
    const bool writable = !ledger_.failed();
    if (!refusal.agent.empty()) {
        Count& agent = agents_[refusal.agent];  // declared agents are at most policy::max_agents
        const bool within = writable && agent.recorded < refusals_per_agent;
        ++(within ? agent.recorded : agent.summed);
        return within;
    }
    const bool told_apart =
        strangers_.contains(refusal.uid) || strangers_.size() < max_counted_strangers;
    Count untracked{refusals_per_stranger, 0};
    Count& stranger = told_apart ? strangers_[refusal.uid] : untracked;
    const bool within = writable && stranger.recorded < refusals_per_stranger &&
                        all_strangers_.recorded < refusals_of_strangers;
    ++(within ? stranger.recorded : stranger.summed);
    ++(within ? all_strangers_.recorded : all_strangers_.summed);
    if (!within) ++stranger_reasons_[refusal.reason];
    return within;
}

Async<std::monostate> Refusals::record(const Refusal& refusal) {
    tick();
    if (!within_budget(refusal)) {
        only_counted_some_ = true;
        return only_counted();
    }
    Json::Object bare = members_of(refusal);
    Json::Object members = bare;
    if (!refusal.agent.empty() && !refusal.asked.empty()) members.emplace("asked", refusal.asked);
    return recorded(ledger_, ledger_.append("refused", std::move(members)), std::move(bare));
}

std::optional<std::int64_t> Refusals::sums_due_in() const {
    if (!only_counted_some_) return std::nullopt;
    // A clock that was set back makes no window longer than it is.
    return std::clamp<std::int64_t>(window_start_ + refusal_window - now_(), 0, refusal_window);
}

void Refusals::tick() {
    if (now_() - window_start_ >= refusal_window) close_window();
}

void Refusals::close_window() {
    // Nothing can be written: go on counting, within the same bounds.
    if (ledger_.failed()) return;
    sum_strangers();
    sum_agents();
    agents_.clear();
    strangers_.clear();
    stranger_reasons_.clear();
    all_strangers_ = {};
    only_counted_some_ = false;
    window_start_ = now_();
}

void Refusals::sum_strangers() {
    if (all_strangers_.summed == 0) return;
    Json::Object reasons;
    for (const auto& [reason, count] : stranger_reasons_)
        reasons.emplace(reason, number(count));
    Json::Object members = {
        {"by_reason", std::move(reasons)},
        {"by_uid", summed_uids()},
        {"count", number(all_strangers_.summed)},
        {"since", window_start_},
    };
    // Queued by the call; who was refused does not wait for the sum.
    (void)ledger_.append("strangers", std::move(members));
}

Json::Array Refusals::summed_uids() const {
    std::vector<std::pair<std::uint64_t, uid_t>> most;
    for (const auto& [uid, count] : strangers_) {
        if (count.summed != 0) most.emplace_back(count.summed, uid);
    }
    std::sort(most.rbegin(), most.rend());
    if (most.size() > max_summed_rows) most.resize(max_summed_rows);
    Json::Array rows;
    for (const auto& [count, uid] : most) {
        Json::Object row = {{"count", number(count)}, {"uid", static_cast<std::int64_t>(uid)}};
        rows.emplace_back(std::move(row));
    }
    return rows;
}

void Refusals::sum_agents() {
    for (const auto& [agent, count] : agents_) {
        if (count.summed == 0) continue;
        Json::Object members = {
            {"agent", agent},
            {"count", number(count.summed)},
            {"reason", "over_budget"},
            {"since", window_start_},
        };
        (void)ledger_.append("refused", std::move(members));
    }
}

}  // namespace holdfast::daemon
