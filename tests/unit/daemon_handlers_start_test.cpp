// What a start puts in force.
#include "tests/support/apply_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;
using daemon::AgentState;

TEST_CASE("start: only what was applied is in force again", "[daemon][apply]") {
    ApplyWorld world;
    world.write_agent_file("deploy-bot");
    world.write_agent_file("other-bot");
    REQUIRE(world.apply());
    world.write_agent_file("other-bot", "staging");
    world.write_agent_file("new-bot");
    world.agents.clear();
    world.containment = {};
    REQUIRE(run_async(world.loop, handlers::start(world.services)));
    CHECK(world.agents.size() == 1);
    CHECK(world.agents.contains("deploy-bot"));
    CHECK(world.containment.allows("deploy-bot"));
    const auto& record = world.ledger.records.back();
    CHECK(record.type == "start");
    CHECK(*record.members.at("agents").integer() == 1);
}

TEST_CASE("start: unreadable files leave no agent in force, and the daemon serves operators",
          "[daemon][apply]") {
    ApplyWorld world;
    world.write_agent_file("deploy-bot");
    REQUIRE(world.apply());
    std::ofstream(world.settings.agents_dir + "/bad.toml") << "name = ";
    world.agents.clear();
    CHECK(run_async(world.loop, handlers::start(world.services)));
    CHECK(world.agents.empty());
}
