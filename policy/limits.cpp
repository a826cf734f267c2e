#include "policy/limits.h"

#include <algorithm>

namespace holdfast::policy {
namespace {

// Whoever waits for room is told that it will take longer than that.
Error with_clock(const Error& error, std::int64_t behind) {
    if (behind == 0) return error;
    return Error(error.code(),
                 error.text() + " (this host's clock is " + std::to_string(behind) +
                     " s behind what it was; that is waited for first)",
                 error.retry())
        .because(error.reason());
}

Error not_counted(const Limit& limit) {
    return Error(Code::unavailable,
                 "limit " + limit.name + ": what was used of it is still being counted",
                 Retry::later)
        .because("limit_uncounted");
}

Error needs_block(const Limit& limit) {
    return Error(Code::unavailable, "limit " + limit.name + ": its next block is not open yet",
                 Retry::later)
        .because("limit_block_needed");
}

}  // namespace

std::int64_t Limits::not_before(std::int64_t now) const noexcept {
    return std::max(now, latest_);
}

Result<Limits::Asked> Limits::ask_one(const std::string& agent, const Limit& limit,
                                      const LimitedAction& action, std::int64_t now) {
    HOLDFAST_TRY(draw, action.draw(limit));
    const auto found = ids_.find({agent, shape_of(limit)});
    if (found == ids_.end()) return not_counted(limit);
    const std::int64_t at = not_before(now);
    const Done room = counters_.at(found->second).used.has_room(limit, draw, at);
    if (!room) return with_clock(room.error(), at - now);
    return Asked{found->second, limit, std::move(draw)};
}

Limits::AllAsked Limits::ask_all(const std::string& agent, const std::vector<Limit>& limits,
                                 const Action& action, std::int64_t now) {
    std::vector<Asked> all;
    const bool any = std::ranges::any_of(
        limits, [&](const Limit& limit) { return covers(limit, action.action); });
    if (!any) return all;
    const LimitedAction seen(action);
    for (const Limit& limit : limits) {
        if (!covers(limit, action.action)) continue;
        auto asked = ask_one(agent, limit, seen, now);
        if (!asked) return LimitRefusal{limit.name, std::move(asked).error()};
        all.push_back(*std::move(asked));
    }
    return all;
}

Reserved Limits::reserve(const std::string& agent, const std::vector<Limit>& limits,
                         const Action& action, std::int64_t now) {
    AllAsked asked = ask_all(agent, limits, action, now);
    if (auto* refusal = std::get_if<LimitRefusal>(&asked)) return std::move(*refusal);
    const std::int64_t at = not_before(now);
    Reservation reservation;
    for (Asked& one : std::get<0>(asked)) {
        Reservation::Part part{one.counter, std::move(one.draw.key), one.draw.amount, at, {}};
        if (one.limit.hardware && part.amount != 0) {
            part.block = counters_.at(one.counter).blocks.can_draw(part.key, part.amount, at);
            if (!part.block) return LimitRefusal{one.limit.name, needs_block(one.limit)};
            reservation.blocks.push_back(one.limit.name + "@" + shape_digest(one.limit));
        }
        reservation.parts.push_back(std::move(part));
    }
    // All or nothing: only now. What is refused moves no clock either, so that one which was ahead
    // for a moment has freed nothing when it is back.
    if (!reservation.parts.empty()) latest_ = at;
    for (const Reservation::Part& part : reservation.parts) {
        Counter& counter = counters_.at(part.counter);
        counter.used.add(part.key, part.amount, part.time, at);
        if (part.block) counter.blocks.draw(part.key, part.amount);
    }
    return reservation;
}

void Limits::release(const Reservation& reservation) {
    for (const Reservation::Part& part : reservation.parts) {
        const auto counter = counters_.find(part.counter);
        if (counter == counters_.end()) continue;  // not declared any more
        counter->second.used.take_back(part.key, part.amount, part.time);
        if (part.block) counter->second.blocks.give_back(part.key, part.amount, *part.block);
    }
}

void Limits::commit(Reservation reservation, std::uint64_t sequence) {
    remember(sequence, std::move(reservation));
}

void Limits::remember(std::uint64_t sequence, Reservation reservation) {
    if (reservation.parts.empty()) return;
    auto& parts = committed_[sequence].parts;
    std::ranges::move(reservation.parts, std::back_inserter(parts));
    while (committed_.size() > max_withheld_back)
        committed_.erase(committed_.begin());
}

void Limits::withheld(std::uint64_t sequence) {
    const auto found = committed_.find(sequence);
    if (found == committed_.end()) return;
    release(found->second);
    committed_.erase(found);
}

std::variant<std::optional<Block>, LimitRefusal> Limits::next_block(
    const std::string& agent, const std::vector<Limit>& limits, const Action& action,
    std::int64_t now) {
    AllAsked asked = ask_all(agent, limits, action, now);
    if (auto* refusal = std::get_if<LimitRefusal>(&asked)) return std::move(*refusal);
    const std::int64_t at = not_before(now);
    for (const Asked& one : std::get<0>(asked)) {
        const Draw& draw = one.draw;
        if (!one.limit.hardware || draw.amount == 0) continue;
        Counter& counter = counters_.at(one.counter);
        if (counter.blocks.can_draw(draw.key, draw.amount, at)) continue;
        // What was drawn from the old one is counted; its rest must not be drawn beside the new
        // one.
        counter.blocks.close(draw.key);
        const std::uint64_t room = one.limit.cap - counter.used.used(draw.key, at);
        return Block{agent,
                     one.limit.name,
                     shape_digest(one.limit),
                     draw.key,
                     block_size(one.limit, draw.amount, room),
                     at + block_life(one.limit)};
    }
    return std::optional<Block>();
}

void Limits::open_block(const Block& block) {
    for (const auto& [shape, id] : ids_) {
        Counter& counter = counters_.at(id);
        if (shape.first != block.agent || !is_of(block, counter.limit)) continue;
        counter.blocks.open(block, next_block_++, latest_);
        return;
    }
}

std::optional<LimitUse> Limits::use(const std::string& agent, const Limit& limit,
                                    std::int64_t now) const {
    const auto found = ids_.find({agent, shape_of(limit)});
    if (found == ids_.end()) return std::nullopt;
    return counters_.at(found->second).used.use(not_before(now));
}

}  // namespace holdfast::policy
