#include "daemon/state/containment.h"
#include "tests/support/catch.h"

using namespace holdfast;
using daemon::AgentState;

TEST_CASE("containment: only an active agent may act, and the refusal says why",
          "[daemon][state]") {
    daemon::Containment containment;
    containment.set("bot", AgentState::active);
    CHECK(containment.allows("bot"));
    const auto [state, reason] =
        GENERATE(table<AgentState, std::string>({{AgentState::suspended, "agent_suspended"},
                                                 {AgentState::revoked, "agent_revoked"},
                                                 {AgentState::retired, "agent_retired"}}));
    containment.set("bot", state);
    CHECK(containment.state_of("bot") == state);
    const Done allowed = containment.allows("bot");
    REQUIRE_FALSE(allowed);
    CHECK(allowed.error().code() == Code::denied);
    CHECK(allowed.error().reason() == reason);
}

TEST_CASE("containment: who was never declared may not act", "[daemon][state]") {
    const daemon::Containment containment;
    const Done allowed = containment.allows("stranger");
    REQUIRE_FALSE(allowed);
    CHECK(allowed.error().reason() == "unrecognised_caller");
    CHECK(containment.state_of("stranger") == AgentState::retired);
}

TEST_CASE("containment: every change moves the epoch", "[daemon][state]") {
    daemon::Containment containment;
    const auto before = containment.epoch();
    containment.set("bot", AgentState::active);
    containment.set("bot", AgentState::suspended);
    containment.set("bot", AgentState::active);
    CHECK(containment.epoch() == before + 3);
}
