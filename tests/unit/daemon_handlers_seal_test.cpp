// What a stop leaves in the chip, so that a restored disk does not undo it.
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/handler_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;

namespace {

struct SealWorld : HandlerWorld {
    SealWorld() : HandlerWorld(Anchored::yes) {
        declare(bot);
        ledger.records.clear();
    }
    std::string stage(const Result<daemon::Answer>& answer, const char* name) const {
        return text_at(json_of(answer), {"stages", name});
    }
    Result<std::monostate> settle() { return run_async(loop, handlers::settle(services)); }
    std::vector<std::string> types() const {
        std::vector<std::string> all;
        for (const auto& record : ledger.records)
            all.push_back(record.type);
        return all;
    }
};

}  // namespace

TEST_CASE("seal: what no fuse keeps is kept by the anchor counter, after its record",
          "[daemon][contain][anchor]") {
    SealWorld world;
    const auto [verb, name] =
        GENERATE(table<daemon::Handler, std::string>({{handlers::suspend, "suspend"},
                                                      {handlers::kill, "kill"},
                                                      {handlers::throttle, "throttle"},
                                                      {handlers::approval_only, "approval-only"}}));
    const auto before = world.keys.anchor.value;
    const auto answer = world.as_operator(verb, SealWorld::bot);
    CHECK(world.stage(answer, "anchor") == "done");
    CHECK(world.stage(answer, "sessions") == "done");
    CHECK(world.keys.anchor.value == before + 1);
    CHECK(world.types() == std::vector<std::string>{"containment", "anchor"});
    CHECK(*world.ledger.records.back().members.at("why").string() == name);
    CHECK(*world.ledger.records.back().members.at("by").string() == "login:1000");
}

TEST_CASE("seal: a blown fuse needs no anchor", "[daemon][contain][anchor]") {
    SealWorld world;
    const auto before = world.keys.anchor.value;
    const auto answer = world.as_operator(handlers::revoke, SealWorld::bot);
    CHECK(world.stage(answer, "anchor") == "not_needed");
    CHECK(world.stage(answer, "sessions") == "done");
    CHECK(world.keys.anchor.value == before);
}

TEST_CASE("seal: a key without a fuse of its own is kept by the anchor counter",
          "[daemon][contain][anchor]") {
    SealWorld world;
    world.keys.fuse_refuses = Error(Code::conflict, "no fuse").because("fuse_host_only");
    const auto before = world.keys.anchor.value;
    const auto answer = world.as_operator(handlers::revoke, SealWorld::bot);
    CHECK(world.stage(answer, "fuse") == "host_only");
    CHECK(world.stage(answer, "anchor") == "done");
    CHECK(world.keys.anchor.value == before + 1);
}

TEST_CASE("seal: a scope with one such key is, too", "[daemon][contain][anchor]") {
    SealWorld world;
    world.keys.fuse_refuses = Error(Code::conflict, "no fuse").because("fuse_host_only");
    const auto before = world.keys.anchor.value;
    REQUIRE(world.as_operator(handlers::contain, "",
                              R"({"verb":"revoke","sponsor":"finance@example.org"})"));
    CHECK(world.keys.anchor.value == before + 1);
}

TEST_CASE("seal: a record that came late gets a step of its own", "[daemon][contain][anchor]") {
    SealWorld world;
    const auto before = world.keys.anchor.value;
    world.ledger.disk_full = true;
    const auto answer = world.as_operator(handlers::suspend, SealWorld::bot);
    CHECK(world.stage(answer, "ledger") == "pending");
    CHECK(world.stage(answer, "anchor") == "pending");
    CHECK_FALSE(world.settle());
    world.ledger.disk_full = false;
    REQUIRE(world.settle());
    CHECK(world.types() == std::vector<std::string>{"containment", "anchor"});
    CHECK(world.keys.anchor.value == before + 1);
    CHECK_FALSE(handlers::unsettled(world.services));
}

TEST_CASE("seal: a scope is one step of the counter, however many agents are in it",
          "[daemon][contain][anchor]") {
    SealWorld world;
    world.declare("second-bot");
    world.declare("third-bot");
    const auto before = world.keys.anchor.value;
    const auto answer = world.as_operator(handlers::contain, "",
                                          R"({"verb":"suspend","sponsor":"finance@example.org"})");
    const auto json = json_of(answer);
    const auto* const agents = json.find("agents");
    REQUIRE(agents != nullptr);
    REQUIRE(agents->array() != nullptr);
    REQUIRE(agents->array()->size() == 3);
    for (const auto& agent : *agents->array())
        CHECK(text_at(agent, {"stages", "anchor"}) == "done");
    CHECK(world.keys.anchor.value == before + 1);
}

TEST_CASE("seal: the host's suspension is kept, too", "[daemon][contain][anchor]") {
    SealWorld world;
    const auto before = world.keys.anchor.value;
    const auto answer =
        world.as_operator(handlers::contain, "", R"({"verb":"suspend","host":true})");
    CHECK(world.stage(answer, "anchor") == "done");
    CHECK(world.keys.anchor.value == before + 1);
}

TEST_CASE("seal: a chip that is stuck is not waited for, and gets there later",
          "[daemon][contain][anchor]") {
    SealWorld world;
    const auto before = world.keys.anchor.value;
    world.keys.hold();
    const auto answer = world.as_operator(handlers::suspend, SealWorld::bot);
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(world.stage(answer, "ledger") == "done");
    CHECK(world.stage(answer, "anchor") == "pending");
    CHECK(world.keys.anchor.value == before);
    world.keys.let_go();
    world.run_ready();
    CHECK(world.keys.anchor.value == before + 1);
}

TEST_CASE("seal: whoever is stopped while the chip is stuck gets a step after their record",
          "[daemon][contain][anchor]") {
    SealWorld world;
    world.declare("second-bot");
    world.ledger.records.clear();
    world.keys.hold();
    REQUIRE(world.as_operator(handlers::suspend, SealWorld::bot));
    CHECK(world.stage(world.as_operator(handlers::suspend, "second-bot"), "anchor") == "pending");
    CHECK(handlers::unsettled(world.services));
    world.keys.let_go();
    world.run_ready();
    REQUIRE(world.settle());
    CHECK(world.types().back() == "anchor");
    CHECK(world.types().front() == "containment");
    CHECK(world.keys.anchor.value == world.anchor.view().recorded);
    CHECK_FALSE(handlers::unsettled(world.services));
}

TEST_CASE("seal: without an anchor that holds the stop is in force, and says what is open",
          "[daemon][contain][anchor]") {
    SealWorld world;
    world.keys.anchor.value = 60;
    const auto answer = world.as_operator(handlers::suspend, SealWorld::bot);
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(world.stage(answer, "anchor") == "pending");
    CHECK(world.containment.state_of(SealWorld::bot) == daemon::AgentState::suspended);
}

TEST_CASE("apply: what changes is kept by the anchor counter, what does not costs no step",
          "[daemon][apply][anchor]") {
    SealWorld world;
    world.write_agent_file("new-bot");
    const auto before = world.keys.anchor.value;
    REQUIRE(world.as_operator(handlers::apply, "", R"({"dry_run":true})"));
    CHECK(world.keys.anchor.value == before);
    REQUIRE(world.as_operator(handlers::apply, ""));
    CHECK(world.keys.anchor.value == before + 1);
    REQUIRE(world.as_operator(handlers::apply, ""));
    CHECK(world.keys.anchor.value == before + 1);
    world.settings.operators_file = world.directory.file("operators.toml");
    std::ofstream(world.settings.operators_file) << "[[operator]]\nname = \"c\"\nuids = [1]\n";
    REQUIRE(world.as_operator(handlers::apply, ""));
    CHECK(world.keys.anchor.value == before + 2);
    CHECK(world.ledger.count("operators") == 1);
}
