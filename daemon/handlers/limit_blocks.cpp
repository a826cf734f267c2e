// Hardware limits: a block is recorded, then the chip's anchor moves past the record, then the
// block is drawn upon. So a disk from before it is noticed, and one from after it knows the block.
#include <boost/asio/this_coro.hpp>

#include <algorithm>

#include "daemon/handlers/limits.h"
#include "daemon/state/limit_fold.h"

namespace holdfast::daemon::handlers {
namespace {

// One for each limit and again, should the first have gone stale while the last was opened.
constexpr std::size_t max_openings = 2 * policy::max_limits;

const policy::Limit* first_in_hardware(const Services& services, const std::string& agent,
                                       const Action& action) {
    const auto file = services.agents.find(agent);
    if (file == services.agents.end()) return nullptr;
    const auto& limits = file->second.limits;
    const auto found = std::ranges::find_if(limits, [&](const policy::Limit& limit) {
        return limit.hardware && covers(limit, action.action);
    });
    return found == limits.end() ? nullptr : &*found;
}

policy::LimitRefusal needs_anchor(const std::string& limit) {
    return {limit, Error(Code::denied, "limit " + limit +
                                           ": this host has no anchor counter in a TPM, and "
                                           "without one a hardware limit lets nothing pass")
                       .because("limit_needs_anchor")};
}

Async<std::monostate> make_durable(Services& services, policy::Block block) {
    auto members = members_of(block);
    HOLDFAST_CO_TRY(index, co_await services.ledger.append(limit_block_type, std::move(members)));
    (void)index;
    std::string why = "limit " + block.limit;
    HOLDFAST_CO_TRY(value, co_await services.anchor.advance(std::move(why), "daemon"));
    if (value == 0) co_return needs_anchor(block.limit).error;
    co_return done();
}

std::variant<std::optional<policy::Block>, policy::LimitRefusal> next_block(
    Services& services, const std::string& agent, const Action& action) {
    const auto file = services.agents.find(agent);
    if (file == services.agents.end()) return std::optional<policy::Block>();
    return services.limits.counted.next_block(agent, file->second.limits, action, services.now());
}

}  // namespace

boost::asio::awaitable<Opened> open_blocks(Services& services, const std::string& agent,
                                           const Action& action) {
    const policy::Limit* limit = first_in_hardware(services, agent, action);
    if (limit == nullptr) co_return std::nullopt;
    const std::string name = limit->name;
    if (services.anchor.view().phase == AnchorPhase::absent) co_return needs_anchor(name);
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    if (!services.limits.opening) services.limits.opening.emplace(executor);
    // One at a time: a second block would not know of the room that the first one takes.
    const auto turn = co_await services.limits.opening->take();
    for (std::size_t opened = 0; opened < max_openings; ++opened) {
        auto next = next_block(services, agent, action);
        if (auto* refusal = std::get_if<policy::LimitRefusal>(&next)) co_return std::move(*refusal);
        const std::optional<policy::Block> block = std::get<0>(next);
        if (!block) co_return std::nullopt;
        const Done durable = co_await make_durable(services, *block);
        if (!durable) co_return policy::LimitRefusal{block->limit, durable.error()};
        services.limits.counted.open_block(*block);
    }
    Error stale(Code::unavailable, "limit " + name + ": blocks go stale before they are open",
                Retry::later);
    co_return policy::LimitRefusal{name, std::move(stale).because("limit_block_needed")};
}

}  // namespace holdfast::daemon::handlers
