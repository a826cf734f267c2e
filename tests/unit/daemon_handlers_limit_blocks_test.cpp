// Hardware limits on the way of an action: the block's record, then the chip, then the signature.
#include "daemon/handlers/limits.h"
#include "daemon/state/limit_fold.h"
#include "tests/support/catch.h"
#include "tests/support/handler_world.h"
#include "tests/support/limit_samples.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;

namespace {

constexpr const char* a_refund =
    R"({"action":"refund.create","audience":"https://payments.example","params":{}})";

struct BlockWorld : HandlerWorld {
    explicit BlockWorld(std::uint64_t cap, Anchored how = Anchored::yes) : HandlerWorld(how) {
        declare(bot);
        agents[bot].limits = {in_hardware(count_limit("chip", cap, 3600))};
        handlers::take_declared_limits(services);
        services.limits.counted = policy::Limits(services.limits.declared);
        (void)as_agent(handlers::credential, "");
        keys.calls.clear();
        ledger.records.clear();
    }
    std::string sign() {
        const auto answer = as_agent(handlers::sign_action, a_refund);
        return answer ? "signed" : answer.error().reason();
    }
    std::vector<std::string> types() const {
        std::vector<std::string> all;
        for (const auto& record : ledger.records)
            all.push_back(record.type);
        return all;
    }
    // As after kill -9.
    void start_again() {
        services.limits.counted = policy::Limits(services.limits.declared);
        daemon::LimitFold fold(services.limits.counted);
        std::uint64_t index = 0;
        for (const auto& record : ledger.records)
            REQUIRE(fold.take({record.type, time, index++, record.members}));
    }
};

}  // namespace

TEST_CASE("hardware limit: block on record, anchor moved on, then the action drawn from it",
          "[daemon][limits]") {
    BlockWorld world(32);
    CHECK(world.sign() == "signed");
    CHECK(world.types() == std::vector<std::string>{"limit_block", "anchor", "action"});
    const auto& block = world.ledger.records[0].members;
    CHECK(*block.at("limit").string() == "chip");
    CHECK(*block.at("agent").string() == BlockWorld::bot);
    CHECK(*block.at("amount").integer() == 2);
    CHECK(*block.at("until").integer() == BlockWorld::start_time + 225);
    CHECK(*world.ledger.records[1].members.at("why").string() == "limit chip");
    const std::string shape = policy::shape_digest(world.agents.at(BlockWorld::bot).limits.front());
    CHECK(*block.at("shape").string() == shape);
    CHECK(encode::canonical(world.ledger.records[2].members.at("limit_blocks")) ==
          "[\"chip@" + shape + "\"]");
    REQUIRE(world.keys.calls.size() == 2);
    CHECK(world.keys.calls[0].starts_with("advance_anchor "));
    CHECK(world.keys.calls[1].starts_with("sign "));
    // The second is drawn from the same block, the third from another.
    CHECK(world.sign() == "signed");
    CHECK(world.ledger.count("limit_block") == 1);
    CHECK(world.sign() == "signed");
    CHECK(world.ledger.count("limit_block") == 2);
}

TEST_CASE("hardware limit: without an anchor nothing passes, and that is said",
          "[daemon][limits]") {
    BlockWorld world(32, HandlerWorld::Anchored::no);
    const auto answer = world.as_agent(handlers::sign_action, a_refund);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().reason() == "limit_needs_anchor");
    CHECK(answer.error().code() == Code::denied);
    CHECK(world.types() == std::vector<std::string>{"refused"});
    CHECK(world.keys.calls.empty());
}

TEST_CASE("hardware limit: a chip that does not count opens no block", "[daemon][limits]") {
    BlockWorld world(32);
    world.keys.anchor_refuses = Error(Code::unavailable, "away").because("keys_unavailable");
    CHECK(world.sign() == "keys_unavailable");
    CHECK(world.ledger.count("action") == 0);
    world.keys.anchor_refuses.reset();
    CHECK(world.sign() == "signed");
}

TEST_CASE("hardware limit: 64 callers at once get the cap, and none more", "[daemon][limits]") {
    for (const std::uint64_t cap : {std::uint64_t{1}, std::uint64_t{20}, std::uint64_t{40}}) {
        INFO(cap);
        BlockWorld world(cap);
        std::vector<Pending<daemon::Answer>> callers;
        for (int i = 0; i < 64; ++i)
            callers.push_back(world.begin_as_agent(handlers::sign_action, a_refund));
        std::uint64_t passed = 0;
        for (const auto& caller : callers) {
            const auto answer = world.finish(caller);
            if (answer) ++passed;
            if (!answer) CHECK(answer.error().reason() == "limit_exceeded");
        }
        CHECK(passed == cap);
        CHECK(world.ledger.count("action") == cap);
    }
}

TEST_CASE("hardware limit: after a start what is left of a block is gone", "[daemon][limits]") {
    BlockWorld world(32);
    CHECK(world.sign() == "signed");
    world.start_again();
    int passed = 1;
    while (world.sign() == "signed")
        ++passed;
    CHECK(passed == 31);  // one block of two was drawn upon once
}

TEST_CASE("hardware limit: an accepted state spends it, at once and after a start",
          "[daemon][limits]") {
    BlockWorld world(32);
    CHECK(world.sign() == "signed");
    world.keys.anchor.value = 60;
    CHECK_FALSE(run_async(world.loop, world.anchor.advance("interval", "daemon")));
    CHECK(world.sign() == "anchor_differs");
    REQUIRE(world.as_operator(handlers::anchor_accept, "", R"({"reason":"restored"})"));
    CHECK(world.sign() == "limit_exceeded");
    world.start_again();
    CHECK(world.sign() == "limit_exceeded");
    world.time += 3599;
    CHECK(world.sign() == "limit_exceeded");
    world.time += 1;
    CHECK(world.sign() == "signed");
}
