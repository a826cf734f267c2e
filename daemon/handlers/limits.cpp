#include "daemon/handlers/limits.h"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <chrono>

#include "daemon/handlers/admin.h"
#include "daemon/handlers/caller.h"
#include "daemon/link/bell.h"

namespace holdfast::daemon::handlers {
namespace {

constexpr std::chrono::milliseconds until_durable{20};  // between two looks

policy::DeclaredLimits declared_limits(const Services& services) {
    policy::DeclaredLimits declared;
    for (const auto& [name, file] : services.agents)
        if (!file.limits.empty()) declared[name] = file.limits;
    return declared;
}

// Actions that were permitted before the declaration changed may be on their way to the disk, where
// they will be read. What is queued later and falls under an uncounted limit is refused.
boost::asio::awaitable<void> durable_up_to(Services& services, std::uint64_t next) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    Bell nobody_rings(executor);
    // After a failure the lost ones' places are given out again: there are fewer to wait for.
    while (services.ledger.head().size < std::min(next, services.ledger.next_index()))
        co_await nobody_rings.rung_within(until_durable);
}

}  // namespace

void take_declared_limits(Services& services) {
    policy::DeclaredLimits declared = declared_limits(services);
    services.limits.counted.retain(declared);
    if (declared == services.limits.declared) return;
    services.limits.declared = std::move(declared);
    ++services.limits.changes;
}

bool limits_uncounted(const Services& services) {
    return !services.limits.counted.uncounted(services.limits.declared).empty();
}

Async<std::monostate> count_limits(Services& services) {
    LimitsInForce& limits = services.limits;
    if (limits.counting) co_return done();
    const Held counting(limits.counting);
    while (limits_uncounted(services)) {
        const std::uint64_t changes = limits.changes;
        co_await durable_up_to(services, services.ledger.next_index());
        policy::DeclaredLimits missing = limits.counted.uncounted(limits.declared);
        auto job = limits.count(std::move(missing));
        HOLDFAST_CO_TRY(counted, co_await std::move(job));
        // A limit that went and came back meanwhile would miss what was signed in between.
        if (limits.changes == changes) limits.counted.adopt(counted);
    }
    co_return done();
}

policy::Reserved reserve_limits(Services& services, const policy::AgentFile& file,
                                const Action& action) {
    return services.limits.counted.reserve(file.name, file.limits, action, services.now());
}

Async<Answer> refuse_limited(Services& services, const Call& call, Action action,
                             policy::LimitRefusal refusal) {
    if (refusal.error.code() != Code::denied) co_return std::move(refusal.error);
    encode::Json::Object asked;
    asked["action"] = std::move(action.action);
    asked["audience"] = std::move(action.audience);
    asked["limit"] = std::move(refusal.limit);
    Refused refused{"action", std::move(asked), std::move(refusal.error)};
    co_return co_await refuse(services, call, std::move(refused));
}

std::vector<api::LimitUse> limits_shown(const Services& services, const policy::AgentFile& file) {
    std::vector<api::LimitUse> shown;
    for (const policy::Limit& limit : file.limits) {
        api::LimitUse one{limit.name, limit.action, limit.sum,      limit.per,
                          limit.cap,  limit.window, limit.hardware, {}};
        const auto use = services.limits.counted.use(file.name, limit, services.now());
        if (use) one.use = api::LimitUse::Use{use->used, use->key, use->keys};
        shown.push_back(std::move(one));
    }
    return shown;
}

}  // namespace holdfast::daemon::handlers
