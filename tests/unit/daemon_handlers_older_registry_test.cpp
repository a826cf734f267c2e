// The registry alone is of before: what the ledger knows better counts.
#include "tests/support/catch.h"
#include "tests/support/handler_world.h"
#include "tests/support/ssh_signer.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;
using daemon::AgentState;

namespace {

struct OlderWorld : HandlerWorld {
    OlderWorld() { declare(bot); }
    const daemon::AgentRow& row() const { return *registry.find(bot); }
    // Another registry, which knows this row and nothing else.
    void put_back(const daemon::AgentRow& of_before) {
        forget_all();
        REQUIRE(registry.put(of_before));
    }
    void restart() {
        containment = daemon::Containment();
        services.policies = {};
        operators = {};
        REQUIRE(run_async(loop, handlers::start(services)));
    }
    void write_policy(int version) const {
        std::ofstream(settings.policies_dir + "/payments.cedar")
            << "//! version = " << version
            << "\n@id(\"refunds\") permit(principal, action == Action::\"refund.create\", "
               "resource);\n";
    }
    std::string applied() { return reason_of(as_operator(handlers::apply, "")); }
    void forget_all() {
        auto fresh = daemon::Registry::open(directory.file("other.db"));
        REQUIRE(fresh);
        registry = *std::move(fresh);
    }
};

}  // namespace

TEST_CASE("older registry: whoever was stopped since stays stopped", "[daemon][contain][restore]") {
    OlderWorld world;
    const auto [verb, state] = GENERATE(
        table<daemon::Handler, AgentState>({{handlers::suspend, AgentState::suspended},
                                            {handlers::throttle, AgentState::throttled},
                                            {handlers::approval_only, AgentState::approval_only},
                                            {handlers::revoke, AgentState::revoked}}));
    const daemon::AgentRow before = world.row();
    REQUIRE(world.as_operator(verb, OlderWorld::bot, R"({"reason":"drill"})"));
    world.put_back(before);
    world.restart();
    CHECK(world.containment.state_of(OlderWorld::bot) == state);
    CHECK(world.row().state == state);
    CHECK(world.row().changed_by == "login:1000");
    CHECK(world.row().reason == "drill");
    CHECK(world.row().pending.empty());
}

TEST_CASE("older registry: the rate of a throttled agent is the ledger's, too",
          "[daemon][contain][restore]") {
    OlderWorld world;
    const daemon::AgentRow before = world.row();
    REQUIRE(world.as_operator(handlers::throttle, OlderWorld::bot, R"({"rate":17})"));
    daemon::AgentRow faster = world.row();
    faster.rate = 60;
    world.put_back(GENERATE_COPY(before, faster));
    world.restart();
    CHECK(world.row().rate == 17);
}

TEST_CASE("older registry: one that knows of a stricter stop is right",
          "[daemon][contain][restore]") {
    OlderWorld world;
    REQUIRE(world.as_operator(handlers::suspend, OlderWorld::bot));
    daemon::AgentRow revoked = world.row();
    revoked.state = AgentState::revoked;
    world.put_back(revoked);
    world.restart();
    CHECK(world.containment.state_of(OlderWorld::bot) == AgentState::revoked);
}

TEST_CASE("older registry: reinstated is reinstated", "[daemon][contain][restore]") {
    OlderWorld world;
    REQUIRE(world.as_operator(handlers::suspend, OlderWorld::bot));
    REQUIRE(world.as_operator(handlers::reinstate, OlderWorld::bot, "", "login:2000"));
    world.restart();
    CHECK(world.containment.state_of(OlderWorld::bot) == AgentState::active);
}

TEST_CASE("older registry: the host's stop counts as well", "[daemon][contain][host][restore]") {
    OlderWorld world;
    REQUIRE(world.as_operator(handlers::contain, "", R"({"verb":"suspend","host":true})"));
    REQUIRE(world.registry.put_host({}));
    world.restart();
    CHECK(world.containment.host() == AgentState::suspended);
    CHECK(world.registry.host().state == AgentState::suspended);
    CHECK(world.registry.host().changed_by == "login:1000");
}

TEST_CASE("older registry: a file that was applied before the last one is not in force",
          "[daemon][apply][restore]") {
    OlderWorld world;
    std::filesystem::remove(world.settings.agents_dir + "/" + OlderWorld::bot + ".toml");
    world.write_agent_file("new-bot", "test");
    REQUIRE(world.as_operator(handlers::apply, ""));
    const daemon::AgentRow before = *world.registry.find("new-bot");
    world.write_agent_file("new-bot", "production");
    REQUIRE(world.as_operator(handlers::apply, ""));
    world.write_agent_file("new-bot", "test");
    world.put_back(before);
    world.restart();
    CHECK_FALSE(world.agents.contains("new-bot"));
}

TEST_CASE("older registry: an older version of a policy set is not in force, and not taken again",
          "[daemon][policy][restore]") {
    OlderWorld world;
    world.write_agent_file(OlderWorld::bot);
    world.write_policy(8);
    REQUIRE(world.as_operator(handlers::apply, ""));
    world.forget_all();
    world.restart();
    CHECK(world.services.policies.sets().empty());
    world.write_policy(7);
    CHECK(world.applied() == "policy_older");
    std::filesystem::remove(world.settings.policies_dir + "/payments.cedar");
    CHECK(world.applied() == "policy_vanished");
    world.write_policy(8);
    std::ofstream(world.settings.policies_dir + "/payments.cedar", std::ios::app) << "// more\n";
    CHECK(world.applied() == "policy_same_version");
    world.write_policy(8);
    REQUIRE(world.as_operator(handlers::apply, ""));
    CHECK(world.services.policies.sets().at("payments").version == 8);
}

TEST_CASE("operators: a file that was edited while nobody looked is on record at the next start",
          "[daemon][operators]") {
    OlderWorld world;
    const SshSigner carol(1);
    world.restart();
    CHECK(world.ledger.count("operators") == 0);
    std::ofstream(world.settings.operators_file)
        << "[[operator]]\nname = \"carol\"\nkeys = [\"" << carol.line() << "\"]\n";
    world.restart();
    CHECK(world.ledger.count("operators") == 1);
    CHECK(world.operators.find("carol") != nullptr);
    world.restart();
    world.write_agent_file(OlderWorld::bot);
    REQUIRE(world.as_operator(handlers::apply, ""));
    CHECK(world.ledger.count("operators") == 1);
}
