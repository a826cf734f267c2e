// The host's own state: above every agent's, and its end in the chip.
#include "tests/support/full_disk.h"
#include "tests/support/running_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;
using daemon::AgentState;

namespace {

struct HostWorld : RunningWorld {
    Result<daemon::Answer> contain(const std::string& body,
                                   const std::string& principal = "login:1000") {
        return as_operator(handlers::contain, "", body, principal);
    }
    std::string stages(const Result<daemon::Answer>& answer) const {
        return text_at(json_of(answer), {"stages"});
    }
    std::string refusal() const {
        const Done allowed = containment.allows(bot);
        return allowed ? "allowed" : allowed.error().reason();
    }
    void restart() {
        containment = daemon::Containment();
        REQUIRE(run_async(loop, handlers::start(services)));
    }
    Result<std::monostate> settle() { return run_async(loop, handlers::settle(services)); }
};

constexpr const char* suspend = R"({"verb":"suspend","host":true,"reason":"drill"})";
constexpr const char* reinstate = R"({"verb":"reinstate","host":true})";
constexpr const char* end_for_good =
    R"({"verb":"kill","host":true,"hardware":true,"confirm":"host.test","reason":"seized"})";

}  // namespace

TEST_CASE("host: suspended, every agent is refused, and reinstated each is what it was",
          "[daemon][contain][host]") {
    HostWorld world;
    world.declare("other");
    REQUIRE(world.as_operator(handlers::throttle, "other", R"({"rate":3})"));
    world.run("aa");
    const auto answer = world.contain(suspend);
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(
        world.stages(answer) ==
        R"({"anchor":"not_needed","crl":"done","fuse":"not_needed","ledger":"done","memory":"done",)"
        R"("processes":"done","registry":"done","sessions":"done"})");
    CHECK(world.refusal() == "host_suspended");
    CHECK(world.last("scope") == "host");
    CHECK(world.last("reason") == "drill");
    CHECK(world.launcher.calls == std::vector<std::string>{"end 3"});
    CHECK(reason_of(world.as_agent(handlers::credential, "")) == "host_suspended");
    CHECK(world.registry.find("other")->state == AgentState::throttled);

    CHECK(reason_of(world.contain(reinstate, "login:1000")) == "same_principal");
    const auto lifted = world.contain(reinstate, "login:1001");
    REQUIRE(lifted);
    CHECK(world.refusal() == "allowed");
    CHECK(world.containment.demand_of("other").rate == 3);
    CHECK(world.launcher.calls.back() == "end 4");
    CHECK(reason_of(world.contain(reinstate, "login:1001")) == "not_suspended");
}

TEST_CASE("host: a stop survives a restart, and shows in the status", "[daemon][contain][host]") {
    HostWorld world;
    REQUIRE(world.contain(suspend));
    world.restart();
    CHECK(world.refusal() == "host_suspended");
    const auto status = json_of(world.as_operator(handlers::status, ""));
    CHECK(text_at(status, {"host"}) ==
          R"({"changed_by":"login:1000","pending":[],"reason":"drill","state":"suspended"})");
}

TEST_CASE("host: credentials made before a stop are not used after it", "[daemon][contain][host]") {
    HandlerWorld world;
    world.declare(HandlerWorld::bot);
    REQUIRE(world.as_agent(handlers::credential, ""));
    REQUIRE(world.as_operator(handlers::contain, "", suspend, "login:1"));
    REQUIRE(world.as_operator(handlers::contain, "", reinstate, "login:2"));
    REQUIRE(world.as_agent(handlers::credential, ""));
    CHECK(world.issuer.issued == 2);
}

TEST_CASE("host: reinstating it lets go only of what its agent's state lets go",
          "[daemon][contain][host]") {
    HostWorld world;
    world.run("aa");
    REQUIRE(world.as_operator(handlers::suspend, HostWorld::bot, "", "login:1"));
    REQUIRE(world.contain(suspend, "login:1"));
    world.launcher.calls.clear();
    REQUIRE(world.contain(reinstate, "login:2"));
    CHECK(world.launcher.calls.empty());
    CHECK(world.refusal() == "agent_suspended");
    // And the other way round: an agent reinstated under a stopped host stands still.
    REQUIRE(world.contain(suspend, "login:1"));
    world.launcher.calls.clear();
    REQUIRE(world.as_operator(handlers::reinstate, HostWorld::bot, "", "login:2"));
    CHECK(world.launcher.calls.empty());
    CHECK(world.refusal() == "host_suspended");
}

TEST_CASE("host: on a failed disk it is stopped, 503, and settled later",
          "[daemon][contain][host]") {
    HostWorld world;
    world.ledger.disk_full = true;
    const auto answer = world.contain(suspend);
    REQUIRE(answer);
    CHECK(answer->status == 503);
    CHECK(world.refusal() == "host_suspended");
    CHECK(handlers::unsettled(world.services));
    CHECK(reason_of(world.contain(reinstate, "login:1001")) == "unsettled");
    CHECK_FALSE(world.settle());
    world.ledger.disk_full = false;
    REQUIRE(world.settle());
    CHECK_FALSE(handlers::unsettled(world.services));
    CHECK(world.last("verb") == "settle");
    CHECK(world.contain(reinstate, "login:1001"));
}

TEST_CASE("host: a stop that comes while it is reinstated wins", "[daemon][contain][host]") {
    HostWorld world;
    REQUIRE(world.contain(suspend, "login:1"));
    world.ledger.when_queued = [&] {
        world.ledger.when_queued = nullptr;
        (void)world.begin_as_operator(handlers::contain, "", suspend, "login:3");
        world.loop.poll();
    };
    CHECK(reason_of(world.contain(reinstate, "login:2")) == "stopped_meanwhile");
    CHECK(world.refusal() == "host_suspended");
    CHECK(world.last("scope") == "host");
    CHECK(world.last("state") == "suspended");
}

TEST_CASE("host: a stop of one agent while it is reinstated says nothing of the host",
          "[daemon][contain][host]") {
    HostWorld world;
    REQUIRE(world.contain(suspend, "login:1"));
    world.ledger.when_queued = [&] {
        world.ledger.when_queued = nullptr;
        (void)world.begin_as_operator(handlers::suspend, HostWorld::bot, "", "login:3");
        world.loop.poll();
    };
    CHECK(world.contain(reinstate, "login:2"));
    CHECK(world.refusal() == "agent_suspended");
}

TEST_CASE(
    "host: where the registry cannot follow the record of reinstating it, the ledger is put "
    "right",
    "[daemon][contain][host]") {
    HostWorld world;
    REQUIRE(world.contain(suspend, "login:1"));
    {
        const FullDisk full;
        CHECK_FALSE(world.contain(reinstate, "login:2"));
    }
    CHECK(world.refusal() == "host_suspended");
    CHECK(world.last("verb") == "settle");
    CHECK(world.last("scope") == "host");
    CHECK(world.last("state") == "suspended");
    CHECK(world.last("by") == "login:1");
    REQUIRE(world.settle());
    CHECK_FALSE(handlers::unsettled(world.services));
    CHECK(world.contain(reinstate, "login:2"));
}

TEST_CASE("host fuse: blown only with the trust domain's name, and then for ever",
          "[daemon][contain][host]") {
    HostWorld world;
    world.run("aa");
    for (const char* wrong : {"host", "HOST.TEST", "host.test.", "other.test"}) {
        const std::string body =
            std::string(R"({"verb":"kill","host":true,"hardware":true,"confirm":")") + wrong +
            "\"}";
        CHECK(reason_of(world.contain(body)) == "not_confirmed");
    }
    CHECK(world.refusal() == "allowed");
    CHECK(world.keys.calls.empty());

    const auto answer = world.contain(end_for_good);
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(world.stages(answer) ==
          R"({"anchor":"not_needed","crl":"done","fuse":"done","ledger":"done","memory":"done",)"
          R"("processes":"done","registry":"done","sessions":"done"})");
    CHECK(world.keys.count("blow_host_fuse") == 1);
    CHECK(world.launcher.calls == std::vector<std::string>{"end 2"});
    CHECK(world.refusal() == "host_revoked");
    CHECK(reason_of(world.contain(reinstate, "login:1001")) == "host_revoked");
    CHECK(reason_of(world.contain(suspend)) == "host_revoked");
    world.restart();
    CHECK(world.refusal() == "host_revoked");
    CHECK(world.keys.count("blow_host_fuse") == 1);
}

TEST_CASE("host fuse: with the disk gone the chip still ends every key, and that is enough",
          "[daemon][contain][host]") {
    HostWorld world;
    world.ledger.disk_full = true;
    const auto answer = world.contain(end_for_good);
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(world.registry.host().pending == "ledger");
}

TEST_CASE("host fuse: with the worker away it follows when it is back", "[daemon][contain][host]") {
    HostWorld world;
    world.keys.away = Error(Code::unavailable, "being replaced", Retry::later);
    const auto answer = world.contain(end_for_good);
    REQUIRE(answer);
    CHECK(answer->status == 200);  // recorded, and the registry remembers
    CHECK(world.registry.host().pending == "fuse");
    CHECK_FALSE(world.settle());
    world.keys.away.reset();
    REQUIRE(world.settle());
    CHECK(world.registry.host().pending.empty());
    CHECK(world.keys.host_fuse_blown);
}

TEST_CASE("host fuse: when only the chip remembers it, the host is revoked all the same",
          "[daemon][contain][host]") {
    HostWorld world;
    world.keys.host_fuse_blown = true;
    world.restart();
    CHECK(world.refusal() == "host_revoked");
    CHECK(world.registry.host().state == AgentState::revoked);
    CHECK(world.registry.host().changed_by == "chip");
    CHECK(world.registry.host().pending.empty());
    CHECK(world.ledger.count("containment") == 1);
    CHECK(reason_of(world.contain(reinstate, "login:1001")) == "host_revoked");
    world.restart();
    CHECK(world.ledger.count("containment") == 1);
}

TEST_CASE("host: it is suspended, killed or reinstated, and nothing else",
          "[daemon][contain][host]") {
    HostWorld world;
    const auto body =
        GENERATE(as<std::string>(), R"({"verb":"throttle","host":true})",
                 R"({"verb":"revoke","host":true})", R"({"verb":"suspend","host":true,"rate":6})",
                 R"({"verb":"suspend","host":true,"hardware":true,"confirm":"host.test"})",
                 R"({"verb":"reinstate","host":true,"hardware":true,"confirm":"host.test"})");
    INFO(body);
    CHECK(reason_of(world.contain(body)) == "malformed_request");
    CHECK(world.refusal() == "allowed");
    CHECK(world.keys.calls.empty());
}

TEST_CASE("host: a kill waits for the launcher to tell what runs", "[daemon][contain][host]") {
    HostWorld world;
    world.launched.set_complete(false);
    const auto answer = world.contain(R"({"verb":"kill","host":true})");
    CHECK(text_at(json_of(answer), {"stages", "processes"}) == "pending");
    CHECK(reason_of(world.contain(reinstate, "login:2")) == "unsettled");
    CHECK_FALSE(world.settle());
    REQUIRE(world.take_over());
    CHECK(world.launcher.calls.back() == "end 2");
    REQUIRE(world.settle());
    CHECK(world.registry.host().pending.empty());
    CHECK(world.contain(reinstate, "login:2"));
}
