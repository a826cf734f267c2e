#include <array>

#include "daemon/state/containment.h"
#include "tests/support/catch.h"

using namespace holdfast;
using daemon::AgentState;
using daemon::Containment;

namespace {

// The clock of these tests: it goes on when they say so.
std::int64_t moment = 0;
std::int64_t test_clock() {
    return moment;
}
constexpr std::int64_t second = 1'000'000'000;

std::string refusal(const Done& allowed) {
    return allowed ? "allowed" : allowed.error().reason();
}

}  // namespace

TEST_CASE("containment: whoever is stopped may not act, and the refusal says why",
          "[daemon][state]") {
    Containment containment;
    const auto [state, reason, retry] = GENERATE(table<AgentState, std::string, Retry>(
        {{AgentState::active, "allowed", Retry::never},
         {AgentState::throttled, "allowed", Retry::never},
         {AgentState::approval_only, "allowed", Retry::never},
         {AgentState::suspended, "agent_suspended", Retry::later},
         {AgentState::revoked, "agent_revoked", Retry::never},
         {AgentState::retired, "agent_retired", Retry::never}}));
    containment.set("bot", state);
    CHECK(containment.state_of("bot") == state);
    const Done allowed = containment.allows("bot");
    CHECK(refusal(allowed) == reason);
    if (allowed) return;
    CHECK(allowed.error().code() == Code::denied);
    CHECK(allowed.error().retry() == retry);
}

TEST_CASE("containment: who was never declared may not act", "[daemon][state]") {
    const Containment containment;
    CHECK(refusal(containment.allows("stranger")) == "unrecognised_caller");
    CHECK(containment.state_of("stranger") == AgentState::retired);
    CHECK(containment.in_force_since("stranger") == 0);
    CHECK(containment.last_release("stranger") == 0);
}

TEST_CASE("containment: every change moves the epoch", "[daemon][state]") {
    Containment containment;
    const auto before = containment.epoch();
    containment.set("bot", AgentState::active);
    containment.set("bot", AgentState::suspended);
    containment.set("bot", AgentState::active);
    containment.set_host(AgentState::suspended);
    containment.stop_instance("i");
    CHECK(containment.epoch() == before + 5);
}

TEST_CASE("containment: a stopped host stops every agent, and leaves their states alone",
          "[daemon][state]") {
    Containment containment;
    containment.set("bot", AgentState::active);
    containment.set("slow", AgentState::throttled, 6);
    containment.set("dead", AgentState::revoked);
    containment.set_host(AgentState::suspended);
    CHECK(refusal(containment.allows("bot")) == "host_suspended");
    CHECK(refusal(containment.allows("slow")) == "host_suspended");
    CHECK(refusal(containment.allows("dead")) == "agent_revoked");
    containment.set_host(AgentState::revoked);
    CHECK(refusal(containment.allows("bot")) == "host_revoked");
    CHECK(containment.allows("bot").error().retry() == Retry::never);
    containment.set_host(AgentState::active);
    CHECK(containment.allows("bot"));
    CHECK(containment.demand_of("slow").rate == 6);
}

TEST_CASE("containment: what is demanded of an agent is its state's", "[daemon][state]") {
    Containment containment;
    containment.set("bot", AgentState::active);
    CHECK_FALSE(containment.demand_of("bot").approval);
    CHECK_FALSE(containment.demand_of("bot").rate);
    containment.set("bot", AgentState::approval_only);
    CHECK(containment.demand_of("bot").approval);
    containment.set("bot", AgentState::throttled, 7);
    CHECK_FALSE(containment.demand_of("bot").approval);
    CHECK(containment.demand_of("bot").rate == 7);
}

TEST_CASE("throttle: so many turns, and each comes back a minute after it was taken",
          "[daemon][state]") {
    moment = 5 * second;
    Containment containment(test_clock);
    containment.set("bot", AgentState::throttled, 2);
    CHECK(containment.take_turn("bot"));
    moment += 10 * second;
    CHECK(containment.take_turn("bot"));
    const Done third = containment.take_turn("bot");
    REQUIRE_FALSE(third);
    CHECK(third.error().code() == Code::busy);
    CHECK(third.error().reason() == "agent_throttled");
    CHECK(third.error().retry() == Retry::later);
    CHECK_FALSE(containment.turn_left("bot"));
    // One nanosecond short of the minute, and the minute.
    moment = 65 * second - 1;
    CHECK_FALSE(containment.take_turn("bot"));
    moment = 65 * second;
    CHECK(containment.turn_left("bot"));
    CHECK(containment.take_turn("bot"));
    CHECK_FALSE(containment.take_turn("bot"));
    CHECK(containment.allows("bot"));
}

TEST_CASE("throttle: the highest rate is as exact as the lowest", "[daemon][state]") {
    moment = 0;
    Containment containment(test_clock);
    const auto rate = GENERATE(daemon::min_rate, daemon::max_rate);
    containment.set("bot", AgentState::throttled, rate);
    for (std::int64_t turn = 0; turn < rate; ++turn)
        REQUIRE(containment.take_turn("bot"));
    CHECK_FALSE(containment.take_turn("bot"));
}

TEST_CASE("throttle: throttled again, nothing comes back early, and without a rate nothing is left",
          "[daemon][state]") {
    moment = 0;
    Containment containment(test_clock);
    containment.set("bot", AgentState::throttled, 3);
    CHECK(containment.take_turn("bot"));
    CHECK(containment.take_turn("bot"));
    containment.set("bot", AgentState::throttled, 2);
    CHECK_FALSE(containment.take_turn("bot"));
    containment.set("bot", AgentState::active);
    CHECK(containment.take_turn("bot"));
    containment.set("other", AgentState::throttled);
    CHECK_FALSE(containment.take_turn("other"));
}

TEST_CASE("containment: a stopped instance is refused, its agent and the others are not",
          "[daemon][state]") {
    Containment containment;
    containment.set("bot", AgentState::active);
    containment.enter("one", "bot");
    containment.enter("one", "bot");
    containment.enter("two", "bot");
    CHECK(containment.agent_of("one") == "bot");
    containment.stop_instance("one");
    CHECK(refusal(containment.allows("bot", "one")) == "instance_stopped");
    CHECK(containment.allows("bot", "two"));
    CHECK(containment.allows("bot"));
    // Its second connection is still there; with the last one it is forgotten.
    containment.leave("one");
    CHECK(refusal(containment.allows("bot", "one")) == "instance_stopped");
    containment.leave("one");
    CHECK_FALSE(containment.agent_of("one"));
    containment.leave("one");
    containment.stop_instance("nobody");
    CHECK_FALSE(containment.agent_of("nobody"));
    containment.set("bot", AgentState::suspended);
    CHECK(refusal(containment.allows("bot", "two")) == "agent_suspended");
}

TEST_CASE("containment: remembers when it came into force, and when the last answer left",
          "[daemon][state]") {
    moment = 100;
    Containment containment(test_clock);
    containment.set("bot", AgentState::active);
    CHECK(containment.last_release("bot") == 0);
    moment = 200;
    containment.released("bot");
    moment = 300;
    CHECK(containment.set("bot", AgentState::suspended) == 300);
    moment = 400;
    containment.released("other");
    CHECK(containment.in_force_since("bot") == 300);
    CHECK(containment.last_release("bot") == 200);
    CHECK(containment.last_release() == 400);
    CHECK(containment.set_host(AgentState::suspended) == 400);
    CHECK(containment.host_in_force_since() == 400);
}

TEST_CASE("agent states: the stricter one is named, whatever its number", "[daemon][state]") {
    using daemon::is_stricter;
    const std::array order = {AgentState::active,        AgentState::throttled,
                              AgentState::approval_only, AgentState::suspended,
                              AgentState::revoked,       AgentState::retired};
    for (std::size_t i = 0; i < order.size(); ++i)
        for (std::size_t j = 0; j < order.size(); ++j)
            CHECK(is_stricter(order.at(i), order.at(j)) == (i > j));
    // Stored by older programs: these numbers stay.
    CHECK(static_cast<int>(AgentState::retired) == 4);
    CHECK(static_cast<int>(AgentState::throttled) == 5);
    CHECK(static_cast<int>(AgentState::approval_only) == 6);
    CHECK(daemon::is_agent_state(1));
    CHECK(daemon::is_agent_state(6));
    CHECK_FALSE(daemon::is_agent_state(0));
    CHECK_FALSE(daemon::is_agent_state(7));
}
