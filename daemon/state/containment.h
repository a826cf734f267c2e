// Containment: may this agent act right now, and what is demanded of it? In memory first; the epoch
// moves with every change.
#ifndef HOLDFAST_DAEMON_STATE_CONTAINMENT_H
#define HOLDFAST_DAEMON_STATE_CONTAINMENT_H

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/state/agent_state.h"
#include "daemon/state/minute_turns.h"
#include "holdfast/result.h"

namespace holdfast::daemon {

// Nanoseconds of CLOCK_MONOTONIC, which every process of this host reads alike.
std::int64_t monotonic_ns();

// What an agent that may act must still bring or wait for.
struct Demand {
    bool approval = false;             // each action needs an approval
    std::optional<std::int64_t> rate;  // so many actions a minute
};

class Containment {
  public:
    using Clock = std::int64_t (*)();
    Containment() = default;
    explicit Containment(Clock clock) : clock_(clock) {}

    // denied with reason agent_suspended, agent_revoked or agent_retired; host_suspended or
    // host_revoked, whatever the agent's own state; unknown agents too (unrecognised_caller).
    Done allows(std::string_view agent) const;
    // The same, and this instance of it was not stopped: denied, instance_stopped.
    Done allows(std::string_view agent, std::string_view instance) const;

    Demand demand_of(std::string_view agent) const;
    // busy, agent_throttled: its minute is used up. Always done for an agent without a rate.
    Done turn_left(std::string_view agent) const;
    Done take_turn(std::string_view agent);

    // Each returns the moment from which it is in force. A throttled agent set without a rate has
    // none left: nobody forgets the rate and gets an agent without one.
    std::int64_t set(std::string_view agent, AgentState state, std::int64_t rate = 0);
    std::int64_t set_host(AgentState state);
    AgentState state_of(std::string_view agent) const;
    AgentState host() const noexcept { return host_; }

    // When its present state came into force; 0 for an agent nobody ever set.
    std::int64_t in_force_since(std::string_view agent) const;
    std::int64_t host_in_force_since() const noexcept { return host_since_; }
    // The last byte of an answer that is held back for contained agents has just left.
    void released(std::string_view agent);
    // When that was; 0 for none since start. Of all agents together without a name.
    std::int64_t last_release(std::string_view agent) const;
    std::int64_t last_release() const noexcept { return last_release_; }

    // An instance stays known as long as it has a connection: so nothing grows beyond those.
    void enter(const std::string& instance, std::string_view agent);
    void leave(const std::string& instance);
    // Whose instance that is; nothing when it has no connection.
    std::optional<std::string> agent_of(const std::string& instance) const;
    // Refused from now on; an instance without a connection has nothing that could be released.
    std::int64_t stop_instance(const std::string& instance);

    std::uint64_t epoch() const noexcept { return epoch_; }

  private:
    struct Standing {
        AgentState state = AgentState::retired;
        std::optional<MinuteTurns> turns;  // a throttled agent's
        std::int64_t since = 0;
        std::int64_t last_release = 0;
    };
    struct Here {
        std::string agent;
        std::size_t connections = 0;
        bool stopped = false;
    };
    const Standing* find(std::string_view agent) const;

    Clock clock_ = monotonic_ns;
    std::map<std::string, Standing, std::less<>> standings_;
    std::map<std::string, Here, std::less<>> instances_;
    AgentState host_ = AgentState::active;
    std::int64_t host_since_ = 0;
    std::int64_t last_release_ = 0;
    std::uint64_t epoch_ = 0;
};

// A connection's stay: its instance is known from here to the end of the scope.
class Stay {
  public:
    Stay(Containment& containment, std::string instance, std::string_view agent)
        : containment_(containment), instance_(std::move(instance)) {
        containment_.enter(instance_, agent);
    }
    Stay(const Stay&) = delete;
    Stay& operator=(const Stay&) = delete;
    ~Stay() { containment_.leave(instance_); }

  private:
    Containment& containment_;
    std::string instance_;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_CONTAINMENT_H
