// Limits, as the ledger and the agent files make them: counters are fed, kept, dropped, taken over.
#include <algorithm>
#include <iterator>

#include "policy/limits.h"

namespace holdfast::policy {
namespace {

// Its block is counted, so the action is not. One of another shape is not counted here, and the
// action is.
bool is_in_a_block(const CountedAction& about, const Limit& limit) {
    if (!limit.hardware || about.blocks.empty()) return false;
    return about.blocks.contains(limit.name) ||
           about.blocks.contains(limit.name + "@" + shape_digest(limit));
}

}  // namespace

Limits::Limits(const DeclaredLimits& declared) {
    for (const auto& [agent, limits] : declared)
        for (const Limit& limit : limits)
            count(agent, limit);
}

void Limits::count(const std::string& agent, const Limit& limit) {
    const auto [known, is_new] = ids_.try_emplace({agent, shape_of(limit)}, next_id_);
    if (!is_new) return;
    counters_.emplace(next_id_, Counter{limit, LimitCounter(limit.window), {}});
    ++next_id_;
}

void Limits::retain(const DeclaredLimits& declared) {
    std::set<Shape> wanted;
    for (const auto& [agent, limits] : declared)
        for (const Limit& limit : limits)
            wanted.emplace(agent, shape_of(limit));
    std::erase_if(ids_, [&](const auto& entry) {
        if (wanted.contains(entry.first)) return false;
        counters_.erase(entry.second);
        return true;
    });
}

DeclaredLimits Limits::uncounted(const DeclaredLimits& declared) const {
    DeclaredLimits missing;
    for (const auto& [agent, limits] : declared)
        for (const Limit& limit : limits)
            if (!ids_.contains({agent, shape_of(limit)})) missing[agent].push_back(limit);
    return missing;
}

void Limits::adopt(const Limits& counted) {
    latest_ = std::max(latest_, counted.latest_);
    std::map<std::uint64_t, std::uint64_t> here;  // their numbers → ours
    for (const auto& [shape, id] : counted.ids_) {
        if (!ids_.try_emplace(shape, next_id_).second) continue;
        counters_.emplace(next_id_, counted.counters_.at(id));
        here[id] = next_id_++;
    }
    for (const auto& [sequence, reservation] : counted.committed_) {
        Reservation taken;
        for (Reservation::Part part : reservation.parts) {
            const auto found = here.find(part.counter);
            if (found == here.end()) continue;
            part.counter = found->second;
            taken.parts.push_back(std::move(part));
        }
        remember(sequence, std::move(taken));
    }
}

void Limits::take_action(const CountedAction& about, const LimitedAction& action) {
    latest_ = std::max(latest_, about.time);
    Reservation taken;
    const auto first = ids_.lower_bound({about.agent, std::string()});
    for (auto entry = first; entry != ids_.end() && entry->first.first == about.agent; ++entry) {
        Counter& counter = counters_.at(entry->second);
        const Limit& limit = counter.limit;
        if (!covers(limit, action.name())) continue;
        if (is_in_a_block(about, limit)) continue;
        // Signed before there was such a limit: what it does not say cannot be counted.
        auto draw = action.draw(limit);
        if (!draw) continue;
        counter.used.add(draw->key, draw->amount, latest_, latest_);
        taken.parts.push_back({entry->second, std::move(draw->key), draw->amount, latest_, {}});
    }
    remember(about.sequence, std::move(taken));
}

void Limits::take_block(const Block& block, std::int64_t time) {
    latest_ = std::max(latest_, time);
    for (const auto& [shape, id] : ids_) {
        Counter& counter = counters_.at(id);
        if (shape.first != block.agent || !is_of(block, counter.limit)) continue;
        counter.used.add(block.key, block.amount, std::max(block.until, latest_), latest_);
    }
}

void Limits::take_accepted(std::int64_t time) {
    latest_ = std::max(latest_, time);
    for (auto& [id, counter] : counters_) {
        if (!counter.limit.hardware) continue;
        counter.blocks.close_all();
        counter.used.spend_until(latest_ + counter.limit.window);
    }
}

}  // namespace holdfast::policy
