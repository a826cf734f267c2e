// Launches that fail when the launcher does: what the ledger says of them, and what runs on.
#include "tests/support/catch.h"
#include "tests/support/handler_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;

namespace {

const Error away = Error(Code::unavailable, "away", Retry::later).because("launcher_unavailable");

// Prepares, and is gone from then on until it comes back.
class DyingLauncher final : public daemon::Launcher {
  public:
    bool is_away = false;
    std::vector<std::string> instances;  // that it has once it is back
    std::vector<std::string> killed;

    Done available() const override { return done(); }
    daemon::Async<daemon::LaunchedInstance> prepare(daemon::LaunchOrder order) override {
        is_away = true;
        instances.push_back(order.instance);
        co_return own_instance(order.agent, order.instance);
    }
    daemon::Async<std::monostate> release(std::string) override { co_return away; }
    daemon::Async<std::monostate> end(daemon::EndOrder order) override {
        if (is_away) co_return away;
        if (order.ending == daemon::Ending::kill) killed.push_back(order.instance);
        co_return done();
    }
    daemon::Async<std::vector<std::string>> running() override { co_return instances; }
    daemon::Async<daemon::LaunchedInstance> describe(std::string instance) override {
        auto launched = own_instance(HandlerWorld::bot, instance);
        launched.running = true;
        co_return launched;
    }
    daemon::Async<Bytes> ask_store(daemon::Operation, Bytes) override { co_return Bytes(); }
};

struct DyingWorld : HandlerWorld {
    DyingWorld() {
        declare(bot);
        agents[bot].launch = policy::Launch{{"ssh-ed25519 AAAA"}, policy::OnChange::kill};
    }
    DyingLauncher dying;
    daemon::Services with_dying{settings,    keys,        ledger,   anchor, registry,
                                containment, credentials, history,  crl,    refusals,
                                host,        instances,   launched, dying,  measurer,
                                agents,      operators,   now,      {}};

    Result<daemon::Answer> launch() {
        const daemon::Call call{peer, nullptr, "login:1000", bot, "", {}};
        return run_async(loop, handlers::launch(with_dying, call));
    }
    Result<std::monostate> take_over() {
        return run_async(loop, handlers::take_over_instances(with_dying));
    }
    std::string last(const char* member) const {
        return text_at(encode::Json(ledger.records.back().members), {member});
    }
};

}  // namespace

TEST_CASE("launch: one that is on record and did not start is on record as refused",
          "[daemon][launch]") {
    DyingWorld world;
    CHECK(reason_of(world.launch()) == "launcher_unavailable");
    CHECK(world.ledger.count("launch") == 1);
    REQUIRE(world.ledger.count("launch_refused") == 1);
    CHECK(world.last("reason") == "launcher_unavailable");
    CHECK(world.last("instance") == world.dying.instances.front());
}

TEST_CASE("take over: a launch that failed while no launcher was there does not run on",
          "[daemon][launch]") {
    DyingWorld world;
    REQUIRE_FALSE(world.launch());
    world.dying.is_away = false;
    REQUIRE(world.take_over());
    CHECK(world.dying.killed == world.dying.instances);
    CHECK(world.launched.entries().empty());
}

TEST_CASE("take over: an end that the last launcher kept to itself is on record",
          "[daemon][launch]") {
    DyingWorld world;
    REQUIRE(world.launched.add(own_instance(DyingWorld::bot, "aa")));
    REQUIRE(world.launched.add(own_instance(DyingWorld::bot, "bb")));
    world.dying.instances = {"bb"};
    REQUIRE(world.take_over());
    CHECK(world.launched.of(DyingWorld::bot) == std::vector<std::string>{"bb"});
    REQUIRE(world.ledger.count("ended") == 1);
    CHECK(world.last("instance") == "aa");
    CHECK(world.launched.endings().back().instance == "aa");
}
