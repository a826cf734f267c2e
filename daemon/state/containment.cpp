#include "daemon/state/containment.h"

#include <time.h>

namespace holdfast::daemon {

namespace {

constexpr std::int64_t nanoseconds = 1'000'000'000;

Error stopped(const std::string& who, const std::string& kind, AgentState state) {
    const std::string word(to_string(state));
    const auto retry = has_ended(state) ? Retry::never : Retry::later;
    return Error(Code::denied, who + " is " + word, retry).because(kind + "_" + word);
}

}  // namespace

std::int64_t monotonic_ns() {
    ::timespec now{};
    (void)::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::int64_t>(now.tv_sec) * nanoseconds + now.tv_nsec;
}

const Containment::Standing* Containment::find(std::string_view agent) const {
    const auto found = standings_.find(agent);
    return found == standings_.end() ? nullptr : &found->second;
}

Done Containment::allows(std::string_view agent) const {
    const Standing* standing = find(agent);
    if (standing == nullptr)
        return Error(Code::denied, "agent " + std::string(agent) + " is not known here")
            .because("unrecognised_caller");
    // The agent's own end first: it is for good, whatever becomes of the host.
    if (!may_act(standing->state))
        return stopped("agent " + std::string(agent), "agent", standing->state);
    if (host_ != AgentState::active) return stopped("this host", "host", host_);
    return done();
}

Done Containment::allows(std::string_view agent, std::string_view instance) const {
    HOLDFAST_CHECK(allows(agent));
    const auto here = instances_.find(instance);
    if (here == instances_.end() || !here->second.stopped) return done();
    return Error(Code::denied, "instance " + std::string(instance) + " was stopped")
        .because("instance_stopped");
}

Demand Containment::demand_of(std::string_view agent) const {
    Demand demand;
    const Standing* standing = find(agent);
    if (standing == nullptr) return demand;
    demand.approval = standing->state == AgentState::approval_only;
    if (standing->turns) demand.rate = standing->turns->rate();
    return demand;
}

Done Containment::turn_left(std::string_view agent) const {
    const Standing* standing = find(agent);
    if (standing == nullptr || !standing->turns || standing->turns->has_one(clock_()))
        return done();
    return Error(Code::busy,
                 "agent " + std::string(agent) + " is throttled to " +
                     std::to_string(standing->turns->rate()) + " actions a minute",
                 Retry::later)
        .because("agent_throttled");
}

Done Containment::take_turn(std::string_view agent) {
    HOLDFAST_CHECK(turn_left(agent));
    const auto found = standings_.find(agent);
    if (found != standings_.end() && found->second.turns) (void)found->second.turns->take(clock_());
    return done();
}

std::int64_t Containment::set(std::string_view agent, AgentState state, std::int64_t rate) {
    ++epoch_;
    Standing& standing = standings_[std::string(agent)];
    standing.state = state;
    standing.since = clock_();
    if (state != AgentState::throttled) {
        standing.turns.reset();
    } else if (standing.turns) {
        standing.turns->set_rate(rate);
    } else {
        standing.turns.emplace(rate);
    }
    return standing.since;
}

std::int64_t Containment::set_host(AgentState state) {
    ++epoch_;
    host_ = state;
    host_since_ = clock_();
    return host_since_;
}

AgentState Containment::state_of(std::string_view agent) const {
    const Standing* standing = find(agent);
    // Nobody may act who was never declared: the strictest answer.
    return standing == nullptr ? AgentState::retired : standing->state;
}

std::int64_t Containment::in_force_since(std::string_view agent) const {
    const Standing* standing = find(agent);
    return standing == nullptr ? 0 : standing->since;
}

void Containment::released(std::string_view agent) {
    last_release_ = clock_();
    const auto found = standings_.find(agent);
    if (found != standings_.end()) found->second.last_release = last_release_;
}

std::int64_t Containment::last_release(std::string_view agent) const {
    const Standing* standing = find(agent);
    return standing == nullptr ? 0 : standing->last_release;
}

void Containment::enter(const std::string& instance, std::string_view agent) {
    Here& here = instances_[instance];
    here.agent = agent;
    ++here.connections;
}

void Containment::leave(const std::string& instance) {
    const auto here = instances_.find(instance);
    if (here != instances_.end() && --here->second.connections == 0) instances_.erase(here);
}

std::optional<std::string> Containment::agent_of(const std::string& instance) const {
    const auto here = instances_.find(instance);
    if (here == instances_.end()) return std::nullopt;
    return here->second.agent;
}

std::int64_t Containment::stop_instance(const std::string& instance) {
    ++epoch_;
    const auto here = instances_.find(instance);
    if (here != instances_.end()) here->second.stopped = true;
    return clock_();
}

}  // namespace holdfast::daemon
