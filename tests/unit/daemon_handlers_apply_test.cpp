#include "tests/support/apply_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;
using daemon::AgentState;

TEST_CASE("apply: operators are known from then on, and a wrong file leaves all as it was",
          "[daemon][apply][operators]") {
    ApplyWorld world;
    world.settings.operators_file = world.directory.file("operators.toml");
    const auto write = [&world](const std::string& text) {
        std::ofstream(world.settings.operators_file) << text;
    };
    write("[[operator]]\nname = \"carol\"\nuids = [1000]\n");
    REQUIRE(world.as_operator(handlers::apply, ""));
    CHECK(world.operators.find("carol") != nullptr);
    world.write_agent_file("new-bot");
    write("[[operator]]\nname = \"dave\"\n");
    const auto refused = world.as_operator(handlers::apply, "");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().text().find("operators.toml:2") != std::string::npos);
    CHECK(world.operators.find("carol") != nullptr);
    CHECK_FALSE(world.agents.contains("new-bot"));

    write("[[operator]]\nname = \"erin\"\nuids = [7]\n");
    REQUIRE(run_async(world.loop, handlers::start(world.services)));
    CHECK(world.operators.find("erin") != nullptr);
}

TEST_CASE("apply: a new file makes a key, a record, and an agent in force", "[daemon][apply]") {
    ApplyWorld world;
    world.write_agent_file("deploy-bot");
    CHECK(changes(world.apply()) == "deploy-bot created active");
    CHECK(world.keys.calls == std::vector<std::string>{"create deploy-bot"});
    CHECK(world.state("deploy-bot") == AgentState::active);
    CHECK(world.agents.contains("deploy-bot"));
    const auto* row = world.registry.find("deploy-bot");
    REQUIRE(row != nullptr);
    CHECK(row->file_digest == world.agents.at("deploy-bot").digest);
    REQUIRE(world.ledger.records.size() == 1);
    CHECK(world.ledger.records[0].type == "agent");
    const auto& members = world.ledger.records[0].members;
    CHECK(*members.at("by").string() == "login:1000");
    CHECK(*members.at("change").string() == "created");
    CHECK(*members.at("sponsor").string() == "s@example.org");
    CHECK(*members.at("key_id").string() == "agent-deploy-bot-1");
}

TEST_CASE("apply: a second time nothing happens", "[daemon][apply]") {
    ApplyWorld world;
    world.write_agent_file("deploy-bot");
    REQUIRE(world.apply());
    CHECK(changes(world.apply()) == "deploy-bot unchanged active");
    CHECK(world.keys.calls.size() == 1);
    CHECK(world.ledger.records.size() == 1);
}

TEST_CASE("apply: dry_run only shows", "[daemon][apply]") {
    ApplyWorld world;
    world.write_agent_file("deploy-bot");
    const auto answer = world.apply(R"({"dry_run":true})");
    CHECK(changes(answer) == "deploy-bot created active");
    CHECK(text_at(json_of(answer), {"dry_run"}) == "true");
    CHECK(world.keys.calls.empty());
    CHECK(world.ledger.records.empty());
    CHECK(world.agents.empty());
    CHECK(world.registry.rows().empty());
}

TEST_CASE("apply: a changed file is in force afterwards, with the key it had", "[daemon][apply]") {
    ApplyWorld world;
    world.write_agent_file("deploy-bot");
    REQUIRE(world.apply());
    world.write_agent_file("deploy-bot", "staging");
    CHECK(changes(world.apply()) == "deploy-bot changed active");
    CHECK(world.agents.at("deploy-bot").environment == "staging");
    CHECK(world.keys.count("create") == 1);
}

TEST_CASE("apply: one bad file, and everything stays as it was", "[daemon][apply]") {
    ApplyWorld world;
    world.write_agent_file("deploy-bot");
    REQUIRE(world.apply());
    world.write_agent_file("deploy-bot", "staging");
    world.write_agent_file("other-bot");
    std::ofstream(world.settings.agents_dir + "/bad.toml") << "name = \"bad\"\n";
    const auto answer = world.apply();
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code() == Code::invalid);
    CHECK(answer.error().text().find("bad.toml") != std::string::npos);
    CHECK(world.agents.size() == 1);
    CHECK(world.agents.at("deploy-bot").environment == "test");
    CHECK(world.keys.count("create") == 1);
}

TEST_CASE("apply: without keys worker or disk nothing is swapped, and a repeat makes no second key",
          "[daemon][apply]") {
    ApplyWorld world;
    world.write_agent_file("deploy-bot");
    world.keys.away = Error(Code::unavailable, "replaced").because("keys_unavailable");
    CHECK(reason_of(world.apply()) == "keys_unavailable");
    world.keys.away.reset();
    world.ledger.disk_full = true;
    CHECK(reason_of(world.apply()) == "ledger_failed");
    CHECK(world.agents.empty());
    CHECK_FALSE(world.containment.allows("deploy-bot"));

    world.ledger.disk_full = false;
    CHECK(changes(world.apply()) == "deploy-bot created active");
    CHECK(world.keys.keys.size() == 1);
    CHECK(world.containment.allows("deploy-bot"));
}

TEST_CASE("apply: a vanished file suspends its agent until it is back", "[daemon][apply]") {
    ApplyWorld world;
    world.write_agent_file("deploy-bot");
    REQUIRE(world.apply());
    world.remove_agent_file("deploy-bot");
    CHECK(changes(world.apply()) == "deploy-bot vanished suspended");
    CHECK(world.state("deploy-bot") == AgentState::suspended);
    CHECK(world.registry.find("deploy-bot")->changed_by == "file:vanished");
    CHECK_FALSE(world.agents.contains("deploy-bot"));
    CHECK(world.ledger.records.back().type == "containment");
    CHECK(reason_of(world.as_operator(handlers::reinstate, "deploy-bot")) == "file_vanished");

    world.write_agent_file("deploy-bot");
    CHECK(changes(world.apply()) == "deploy-bot reappeared active");
    CHECK(world.state("deploy-bot") == AgentState::active);
    CHECK(world.keys.count("create") == 1);
}

TEST_CASE("apply: a row that cannot be stored leaves every agent and policy as it was",
          "[daemon][apply]") {
    ApplyWorld world;
    world.write_agent_file("a-bot");
    world.write_agent_file("b-bot");
    REQUIRE(world.apply());
    // The registry refuses the second row: it knows that this agent has ended.
    auto row = *world.registry.find("b-bot");
    world.services.ongoing.unsaved.emplace("b-bot", row);
    row.state = AgentState::revoked;
    REQUIRE(world.registry.put(row));
    world.remove_agent_file("a-bot");
    world.remove_agent_file("b-bot");
    std::ofstream(world.settings.policies_dir + "/payments.cedar")
        << "//! version = 2\n@id(\"none\") forbid(principal, action, resource);\n";
    REQUIRE_FALSE(world.apply());
    CHECK(world.registry.find("a-bot")->state == AgentState::active);
    CHECK(world.state("a-bot") == AgentState::active);
    CHECK(world.agents.contains("a-bot"));
    CHECK(world.registry.policies().at("payments").version == 1);
    CHECK(world.services.policies.sets().at("payments").version == 1);
    CHECK(world.as_operator(handlers::throttle, "a-bot"));

    world.services.ongoing.unsaved.clear();
    CHECK(changes(world.apply()) == "a-bot vanished suspended, b-bot vanished revoked");
    CHECK(world.services.policies.sets().at("payments").version == 2);
}

TEST_CASE("apply: what an operator suspended stays suspended, whatever the file does",
          "[daemon][apply]") {
    ApplyWorld world;
    world.write_agent_file("deploy-bot");
    REQUIRE(world.apply());
    SECTION("suspended before it vanished") {
        REQUIRE(world.as_operator(handlers::suspend, "deploy-bot"));
        world.remove_agent_file("deploy-bot");
        REQUIRE(world.apply());
    }
    SECTION("suspended after it vanished") {
        world.remove_agent_file("deploy-bot");
        REQUIRE(world.apply());
        REQUIRE(world.as_operator(handlers::suspend, "deploy-bot"));
    }
    world.write_agent_file("deploy-bot");
    CHECK(changes(world.apply()) == "deploy-bot unchanged suspended");
    CHECK(world.state("deploy-bot") == AgentState::suspended);
    CHECK(world.registry.find("deploy-bot")->changed_by == "login:1000");
}

TEST_CASE("apply: a suspension while it runs is not lifted by it", "[daemon][apply]") {
    ApplyWorld world;
    world.write_agent_file("deploy-bot");
    REQUIRE(world.apply());
    world.remove_agent_file("deploy-bot");
    REQUIRE(world.apply());
    world.write_agent_file("deploy-bot");
    Pending<daemon::Answer> suspended;
    world.ledger.when_queued = [&] {
        world.ledger.when_queued = nullptr;
        suspended = world.begin_as_operator(handlers::suspend, "deploy-bot");
        world.loop.poll();
    };
    REQUIRE(world.apply());
    REQUIRE(world.finish(suspended));
    CHECK(world.state("deploy-bot") == AgentState::suspended);
    CHECK(world.registry.find("deploy-bot")->state == AgentState::suspended);
}

TEST_CASE("apply: a suspension that came of what was reinstated meanwhile gets its record later",
          "[daemon][apply]") {
    ApplyWorld world;
    PausePoint pause(world.loop);
    world.ledger.pause = &pause;
    world.write_agent_file("deploy-bot");
    world.write_agent_file("other-bot");
    REQUIRE(world.apply());
    REQUIRE(world.as_operator(handlers::suspend, "deploy-bot"));
    // It is suspended already: a record is awaited of the other one only.
    world.remove_agent_file("deploy-bot");
    world.remove_agent_file("other-bot");
    pause.hold_call(0);
    const auto applying = world.begin_as_operator(handlers::apply, "");
    world.run_ready();
    REQUIRE(pause.where() == "append containment");
    REQUIRE(world.as_operator(handlers::reinstate, "deploy-bot", "", "login:1001"));
    pause.let_go();
    REQUIRE(world.finish(applying));
    CHECK(world.state("deploy-bot") == AgentState::suspended);
    CHECK(world.registry.find("deploy-bot")->pending == "ledger");
    REQUIRE(run_async(world.loop, handlers::settle(world.services)));
    const auto& members = world.ledger.records.back().members;
    CHECK(*members.at("verb").string() == "settle");
    CHECK(*members.at("state").string() == "suspended");
    CHECK(*members.at("by").string() == "file:vanished");
}

TEST_CASE("apply: a revoked name stays revoked until retired, then gets a new key",
          "[daemon][apply]") {
    ApplyWorld world;
    world.write_agent_file("deploy-bot");
    REQUIRE(world.apply());
    REQUIRE(world.as_operator(handlers::revoke, "deploy-bot"));
    world.write_agent_file("deploy-bot", "staging");
    CHECK(changes(world.apply()) == "deploy-bot changed revoked");
    CHECK(world.state("deploy-bot") == AgentState::revoked);
    CHECK(world.keys.count("create") == 1);

    REQUIRE(world.as_operator(handlers::retire, "deploy-bot"));
    CHECK(changes(world.apply()) == "deploy-bot created active");
    CHECK(world.registry.find("deploy-bot")->key.id == "agent-deploy-bot-2");
    CHECK(world.state("deploy-bot") == AgentState::active);
}

TEST_CASE("apply: a retired name waits until its old key is ended in the chip", "[daemon][apply]") {
    ApplyWorld world;
    world.write_agent_file("deploy-bot");
    REQUIRE(world.apply());
    world.keys.away = Error(Code::unavailable, "replaced").because("keys_unavailable");
    REQUIRE(world.as_operator(handlers::retire, "deploy-bot"));
    CHECK(changes(world.apply()) == "deploy-bot waiting retired");
    CHECK_FALSE(world.agents.contains("deploy-bot"));
    world.keys.away.reset();
    REQUIRE(run_async(world.loop, handlers::settle(world.services)));
    CHECK(changes(world.apply()) == "deploy-bot created active");
}
