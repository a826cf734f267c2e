#include "policy/limit_blocks.h"

#include <algorithm>

namespace holdfast::policy {

bool is_of(const Block& block, const Limit& limit) {
    if (!limit.hardware || block.limit != limit.name) return false;
    return block.shape.empty() || block.shape == shape_digest(limit);
}

std::uint64_t block_size(const Limit& limit, std::uint64_t asked, std::uint64_t room) noexcept {
    const std::uint64_t usual = std::max<std::uint64_t>(limit.cap / blocks_per_cap, 1);
    constexpr auto on_record = static_cast<std::uint64_t>(encode::max_json_integer);
    return std::min({std::max(usual, asked), room, on_record});
}

std::int64_t block_life(const Limit& limit) noexcept {
    return std::max(limit.window / static_cast<std::int64_t>(blocks_per_cap), min_block_life);
}

std::optional<std::uint64_t> LimitBlocks::can_draw(const std::string& key, std::uint64_t amount,
                                                   std::int64_t now) const {
    const auto found = open_.find(key);
    if (found == open_.end() || found->second.until <= now || found->second.left < amount)
        return std::nullopt;
    return found->second.number;
}

void LimitBlocks::draw(const std::string& key, std::uint64_t amount) {
    const auto found = open_.find(key);
    if (found != open_.end()) found->second.left -= std::min(found->second.left, amount);
}

void LimitBlocks::give_back(const std::string& key, std::uint64_t amount, std::uint64_t number) {
    const auto found = open_.find(key);
    if (found != open_.end() && found->second.number == number) found->second.left += amount;
}

void LimitBlocks::open(const Block& block, std::uint64_t number, std::int64_t now) {
    // Stale ones are dropped here, so there are no more than opened within one block's life.
    std::erase_if(open_, [&](const auto& entry) { return entry.second.until <= now; });
    open_.insert_or_assign(block.key, Open{number, block.amount, block.until});
}

}  // namespace holdfast::policy
