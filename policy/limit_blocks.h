// LimitBlocks: what a hardware limit has on record and under the chip's anchor, to be drawn upon.
#ifndef HOLDFAST_POLICY_LIMIT_BLOCKS_H
#define HOLDFAST_POLICY_LIMIT_BLOCKS_H

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "policy/limit.h"

namespace holdfast::policy {

// A block costs a record and a write of the chip's flash, so it is not for one action only.
inline constexpr std::uint64_t blocks_per_cap = 16;
// What is left of a block goes stale after this, or a 16th of the window: after a start a block
// counts as used in full, as late as anything could have been drawn from it.
inline constexpr std::int64_t min_block_life = 60;  // seconds

struct Block {
    std::string agent;
    std::string limit;
    std::string shape;  // shape_digest of it; empty on records from before there was one
    std::string key;
    std::uint64_t amount = 0;
    std::int64_t until = 0;  // Unix seconds; from then on nothing is drawn from it
};

// A block of this limit as it is now; by its name alone where the record says no shape.
bool is_of(const Block& block, const Limit& limit);

// As much of a block as is usual, but the amount that is asked for, and no more than there is
// room.
std::uint64_t block_size(const Limit& limit, std::uint64_t asked, std::uint64_t room) noexcept;
std::int64_t block_life(const Limit& limit) noexcept;

// Of one limit: at most one open block for each key value.
class LimitBlocks {
  public:
    // The block's number if it has as much left.
    std::optional<std::uint64_t> can_draw(const std::string& key, std::uint64_t amount,
                                          std::int64_t now) const;
    void draw(const std::string& key, std::uint64_t amount);
    // Only to the block it was drawn from.
    void give_back(const std::string& key, std::uint64_t amount, std::uint64_t number);

    void open(const Block& block, std::uint64_t number, std::int64_t now);
    void close(const std::string& key) { open_.erase(key); }
    void close_all() { open_.clear(); }

  private:
    struct Open {
        std::uint64_t number;
        std::uint64_t left;
        std::int64_t until;
    };
    std::map<std::string, Open> open_;
};

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_LIMIT_BLOCKS_H
