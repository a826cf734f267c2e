// Limits: counts and sums of what agents have signed, reserved before signing. Pure: no clock, no
// disk; the ledger is the truth, and the counters are rebuilt from its records.
#ifndef HOLDFAST_POLICY_LIMITS_H
#define HOLDFAST_POLICY_LIMITS_H

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "policy/limit.h"
#include "policy/limit_blocks.h"
#include "policy/limit_counter.h"

namespace holdfast::policy {

// Of so many actions it is remembered what they took of which limit. An older one that is withheld
// after all counts as used: nobody gets more than the cap by it.
inline constexpr std::size_t max_withheld_back = 8192;

using DeclaredLimits = std::map<std::string, std::vector<Limit>>;  // by the agent's name

// What one action takes of each limit it falls under.
struct Reservation {
    struct Part {
        std::uint64_t counter = 0;
        std::string key;
        std::uint64_t amount = 0;
        std::int64_t time = 0;
        std::optional<std::uint64_t> block;  // of a hardware limit: drawn from it
    };
    std::vector<Part> parts;
    std::vector<std::string> blocks;  // "NAME@SHAPE" of the hardware limits that were drawn upon
};

// Why not, and which limit says so.
struct LimitRefusal {
    std::string limit;
    Error error;
};
using Reserved = std::variant<Reservation, LimitRefusal>;

// What the ledger says of an action that was signed.
struct CountedAction {
    std::string agent;  // name
    std::int64_t time = 0;
    std::uint64_t sequence = 0;
    // Drawn from blocks of these limits, which are counted instead: "NAME@SHAPE", or "NAME" on
    // records from before there were shapes.
    std::set<std::string> blocks;
};

// A clock that goes back frees no room: it stands still here until it has caught up.
class Limits {
  public:
    Limits() = default;
    // Counters for all of these, at nothing: to be fed with every record of the ledger.
    explicit Limits(const DeclaredLimits& declared);

    // ── what is declared ──
    bool is_empty() const noexcept { return counters_.empty(); }
    // Drops the counters of what is not declared any more: they would miss what follows.
    void retain(const DeclaredLimits& declared);
    // Declared, but not counted: nothing that falls under it is signed until it is adopted.
    DeclaredLimits uncounted(const DeclaredLimits& declared) const;
    // Takes over counters that were fed elsewhere with the whole ledger, but no second one of a
    // shape there is.
    void adopt(const Limits& counted);

    // ── signing ──
    // All limits that cover the action have room, or nothing is reserved. denied: limit_field,
    // limit_exceeded, limit_keys_exhausted. unavailable: limit_uncounted; limit_block_needed, for
    // which there is next_block().
    Reserved reserve(const std::string& agent, const std::vector<Limit>& limits,
                     const Action& action, std::int64_t now);
    // The action's record did not become durable.
    void release(const Reservation& reservation);
    // It did, as this record: until withheld() it counts.
    void commit(Reservation reservation, std::uint64_t sequence);
    void withheld(std::uint64_t sequence);

    // The first block that must be opened before the action can be reserved; none: reserve() will
    // do. What was left of the old one is given up here. One block at a time: whoever asks records
    // it and opens it, or asks again. Refuses as reserve().
    std::variant<std::optional<Block>, LimitRefusal> next_block(const std::string& agent,
                                                                const std::vector<Limit>& limits,
                                                                const Action& action,
                                                                std::int64_t now);
    // Its record is durable and the anchor has moved past it.
    void open_block(const Block& block);

    // ── from the ledger, in its order ──
    void take_action(const CountedAction& about, const LimitedAction& action);
    void take_block(const Block& block, std::int64_t time);
    // An operator took a state for the truth that the chip's anchor did not know: what was used of
    // a hardware limit is known to nobody, so all of it is, for a whole window.
    void take_accepted(std::int64_t time);

    // None: not counted.
    std::optional<LimitUse> use(const std::string& agent, const Limit& limit,
                                std::int64_t now) const;

  private:
    struct Counter {
        Limit limit;
        LimitCounter used;
        LimitBlocks blocks;
    };
    using Shape = std::pair<std::string, std::string>;  // agent, shape_of
    struct Asked {
        std::uint64_t counter = 0;
        const Limit& limit;
        Draw draw;
    };
    using AllAsked = std::variant<std::vector<Asked>, LimitRefusal>;

    // A clock that goes back stands still until it has caught up.
    std::int64_t not_before(std::int64_t now) const noexcept;
    void count(const std::string& agent, const Limit& limit);
    // Every limit that covers the action, each with room for it.
    AllAsked ask_all(const std::string& agent, const std::vector<Limit>& limits,
                     const Action& action, std::int64_t now);
    Result<Asked> ask_one(const std::string& agent, const Limit& limit, const LimitedAction& action,
                          std::int64_t now);
    void remember(std::uint64_t sequence, Reservation reservation);

    std::map<Shape, std::uint64_t> ids_;
    std::map<std::uint64_t, Counter> counters_;
    std::map<std::uint64_t, Reservation> committed_;  // by sequence
    std::uint64_t next_id_ = 1;
    std::uint64_t next_block_ = 1;
    std::int64_t latest_ = 0;  // of what was reserved, or is in the ledger
};

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_LIMITS_H
