// What an operator may accept, and what the ledger says of the anchor when it is read again.
#include "tests/support/anchor_world.h"

using namespace holdfast;
using namespace holdfast::tests;
using daemon::AnchorPhase;
using daemon::LastAnchor;
using World = AnchorWorld;

TEST_CASE("anchor: an operator takes what is there as the truth, recorded", "[daemon][anchor]") {
    World world;
    world.recorded(9);
    world.keys.anchor.value = 20;
    REQUIRE(world.start());
    const auto accepted = world.accept();
    REQUIRE(accepted);
    CHECK(accepted->phase == AnchorPhase::ready);
    CHECK(world.anchor->holds());
    CHECK(world.keys.anchor.value == 21);
    CHECK(world.last("why") == "accept");
    CHECK(world.last("before") == "9");
    CHECK(world.last("found") == "20");
    CHECK(world.last("value") == "21");
    CHECK(world.last("by") == "login:7");
    CHECK(world.last("reason") == "restored on purpose");
    REQUIRE(world.start());
    CHECK(world.anchor->holds());
}

TEST_CASE("anchor: accepted without a counter, one is made, or there is none from now on",
          "[daemon][anchor]") {
    World world;
    world.recorded(9);
    world.keys.anchor.begins_at = 50;
    world.keys.anchor.is_full = GENERATE(false, true);
    world.keys.tpm = GENERATE(true, false);
    const bool is_made = world.keys.tpm && !world.keys.anchor.is_full;
    REQUIRE(world.start());
    REQUIRE(world.accept());
    CHECK(world.anchor->holds());
    CHECK(world.last("value") == (is_made ? "50" : "0"));
    CHECK(world.phase() == (is_made ? AnchorPhase::ready : AnchorPhase::absent));
    const bool is_taken_back = world.start().has_value() && world.anchor->holds().has_value();
    CHECK(is_taken_back);
}

TEST_CASE("anchor: accepted while the chip is silent, nothing is recorded", "[daemon][anchor]") {
    World world;
    world.recorded(9);
    world.keys.anchor.value = 20;
    REQUIRE(world.start());
    world.keys.away = Error(Code::unavailable, "gone").because("keys_unavailable");
    CHECK_FALSE(world.accept());
    CHECK(world.refusal() == "anchor_differs");
    CHECK(world.ledger.count("anchor") == 1);
}

TEST_CASE("anchor: only what differs is accepted, and with a reason of bounded length",
          "[daemon][anchor]") {
    World world;
    REQUIRE(world.start());
    CHECK(world.accept().error().reason() == "anchor_holds");
    CHECK(world.ledger.count("anchor") == 1);
    world.keys.anchor.value = 60;
    CHECK_FALSE(world.advance());
    CHECK(world.accept("").error().code() == Code::invalid);
    CHECK(world.accept(std::string(daemon::max_accept_reason + 1, 'x')).error().code() ==
          Code::invalid);
    CHECK(world.accept(std::string(daemon::max_accept_reason, 'x')));
}

TEST_CASE("anchor: unread is not accepted", "[daemon][anchor]") {
    World world;
    world.keys.away = Error(Code::unavailable, "gone").because("keys_unavailable");
    CHECK_FALSE(world.start());
    CHECK(world.accept().error().reason() == "anchor_unread");
}

TEST_CASE("anchor: a value past what a record holds is not gone to", "[daemon][anchor]") {
    World world;
    world.recorded(max_anchor_value);
    world.keys.anchor.value = max_anchor_value;
    CHECK_FALSE(world.start());
    CHECK(world.anchor->holds());
    CHECK(world.keys.anchor.value == max_anchor_value);
    CHECK(world.ledger.count("anchor") == 1);
}

TEST_CASE("last anchor: is the last record's value, and only of anchor records",
          "[daemon][anchor]") {
    LastAnchor last;
    CHECK(last.value() == 0);
    const auto take = [&](const char* type, encode::Json value) {
        return last.take({type, 0, 0, {{"value", std::move(value)}}}).has_value();
    };
    CHECK(take("anchor", 7));
    CHECK(take("action", 9));
    CHECK(last.value() == 7);
    CHECK(take("anchor", 0));
    CHECK(last.value() == 0);
    CHECK(take("anchor", static_cast<std::int64_t>(max_anchor_value)));
    CHECK(last.value() == max_anchor_value);
    CHECK_FALSE(take("anchor", static_cast<std::int64_t>(max_anchor_value) + 1));
    CHECK_FALSE(take("anchor", -1));
    CHECK_FALSE(take("anchor", "7"));
    CHECK_FALSE(last.take({"anchor", 0, 0, {}}));
}
