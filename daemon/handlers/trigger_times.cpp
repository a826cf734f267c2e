// Triggers that time sets off: a clock that went back, a heartbeat that did not come.
#include <algorithm>
#include <map>

#include "daemon/handlers/triggers.h"

namespace holdfast::daemon::handlers {
namespace {

// An apply with one of these shows that an operator is there for the agent.
bool is_declared_anew(const api::Change& change) {
    return change.change == "created" || change.change == "changed" ||
           change.change == "reappeared";
}

policy::Clocks clocks(const Services& services) {
    return {services.now(), services.triggers.steady()};
}

}  // namespace

void begin_triggers(Services& services) {
    services.triggers.heartbeats.begin(clocks(services));
    check_clock(services);
    check_heartbeats(services);
}

void take_declared_triggers(Services& services, const std::vector<api::Change>& changes) {
    services.triggers.counts.retain(
        [&](const std::string& agent) { return services.agents.contains(agent); });
    for (const api::Change& change : changes)
        if (is_declared_anew(change))
            services.triggers.heartbeats.declared(change.name, clocks(services));
}

void check_clock(Services& services) {
    const std::int64_t now = services.now();
    if (services.triggers.clock.goes_on(now)) return;
    std::map<std::string, std::int64_t> allowed;
    for (const auto& [name, file] : services.agents)
        if (file.triggers.clock_back) allowed[name] = file.triggers.clock_back->number;
    for (const auto& step : services.triggers.clock.went_back(now, allowed))
        (void)fire(services, step.agent, policy::Trigger::clock_back,
                   "the clock went back by " + std::to_string(step.seconds) + " s, to " +
                       std::to_string(now));
}

void check_heartbeats(Services& services) {
    for (const auto& [name, file] : services.agents) {
        if (!file.triggers.heartbeat) continue;
        const std::int64_t age = services.triggers.heartbeats.age(name, clocks(services));
        if (age <= file.triggers.heartbeat->number) continue;
        (void)fire(services, name, policy::Trigger::heartbeat,
                   "no heartbeat for " + std::to_string(age) + " s");
    }
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
