// Triggers that time sets off: a clock that went back, a heartbeat that did not come.
#include <algorithm>
#include <limits>
#include <map>
#include <string_view>

#include "daemon/handlers/triggers.h"

namespace holdfast::daemon::handlers {
namespace {

constexpr std::string_view created = "created";

// An apply with one of these shows that an operator is there for the agent.
bool is_declared_anew(const api::Change& change) {
    return change.change == created || change.change == "changed" || change.change == "reappeared";
}

policy::Clocks clocks(const Services& services) {
    return {services.now(), services.triggers.steady()};
}

void check_clock(Services& services, policy::Clocks now) {
    std::map<std::string, std::int64_t> allowed;
    for (const auto& [name, file] : services.agents)
        if (file.triggers.clock_back) allowed[name] = file.triggers.clock_back->number;
    policy::ClockWatch& clock = services.triggers.clock;
    for (const auto& step : clock.went_back(now, allowed)) {
        // Who is stopped as strictly already hears of it when it goes on.
        if (fire(services, step.agent, policy::Trigger::clock_back,
                 "the clock went back by " + std::to_string(step.seconds) + " s, to " +
                     std::to_string(now.wall)))
            clock.told(step.agent, now);
    }
}

void check_heartbeats(Services& services, policy::Clocks now) {
    for (const auto& [name, file] : services.agents) {
        if (!file.triggers.heartbeat) continue;
        const std::int64_t age = services.triggers.heartbeats.age(name, now);
        if (age <= file.triggers.heartbeat->number) continue;
        (void)fire(services, name, policy::Trigger::heartbeat,
                   "no heartbeat for " + std::to_string(age) + " s");
    }
}

// By either clock.
policy::Clocks next_due(const Services& services, policy::Clocks now) {
    constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
    const auto due = next_heartbeat_due(services);
    return due ? policy::Clocks{now.wall + *due, now.steady + *due} : policy::Clocks{never, never};
}

}  // namespace

void begin_triggers(Services& services) {
    services.triggers.heartbeats.begin(clocks(services));
    services.triggers.clock.begin(clocks(services));
    check_times(services);
}

void take_declared_triggers(Services& services, const std::vector<api::Change>& changes) {
    TriggerMemory& memory = services.triggers;
    memory.counts.retain([&](const std::string& agent) { return services.agents.contains(agent); });
    const policy::Clocks now = clocks(services);
    for (const api::Change& change : changes) {
        if (is_declared_anew(change)) memory.heartbeats.declared(change.name, now);
        // What the clock did before the agent was there is nothing to it.
        if (change.change == created) memory.clock.told(change.name, now);
    }
    memory.looked.reset();
}

// Every call asks: as long as nobody sets, stops, reinstates or applies anything, it costs a few
// comparisons.
void check_times(Services& services) {
    TriggerMemory& memory = services.triggers;
    const policy::Clocks now = clocks(services);
    const bool goes_on = memory.clock.goes_on(now);
    if (goes_on && memory.looked && memory.looked->epoch == services.containment.epoch() &&
        now.wall < memory.looked->due.wall && now.steady < memory.looked->due.steady)
        return;
    check_clock(services, now);
    check_heartbeats(services, now);
    memory.looked = TriggerMemory::Looked{services.containment.epoch(), next_due(services, now)};
}

std::optional<std::int64_t> next_heartbeat_due(const Services& services) {
    std::optional<std::int64_t> next;
    for (const auto& [name, file] : services.agents) {
        if (!file.triggers.heartbeat || !would_fire(services, name, policy::Trigger::heartbeat))
            continue;
        const std::int64_t age = services.triggers.heartbeats.age(name, clocks(services));
        const std::int64_t due = std::max<std::int64_t>(file.triggers.heartbeat->number - age, 0);
        next = std::min(next.value_or(due), due);
    }
    // Overdue from the second after.
    return next ? std::optional(*next + 1) : std::nullopt;
}

}  // namespace holdfast::daemon::handlers
