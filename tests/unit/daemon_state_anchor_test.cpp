// The anchor between ledger and chip: what agrees, what differs, and what a crash leaves.
#include "tests/support/anchor_world.h"

using namespace holdfast;
using namespace holdfast::tests;
using daemon::Anchor;
using daemon::AnchorPhase;
using World = AnchorWorld;

TEST_CASE("anchor: before it was compared nothing is signed", "[daemon][anchor]") {
    World world;
    const Anchor anchor(world.loop.get_executor(), world.keys, world.ledger, 0);
    CHECK_FALSE(anchor.holds());
    CHECK(anchor.holds().error().reason() == "anchor_unread");
    CHECK(anchor.holds().error().code() == Code::unavailable);
    CHECK(anchor.unfinished());
}

TEST_CASE("anchor: the beginning is a ledger without and a chip without", "[daemon][anchor]") {
    World world;
    REQUIRE(world.start());
    CHECK(world.anchor->holds());
    CHECK(world.phase() == AnchorPhase::ready);
    CHECK(world.ledger.count("anchor") == 1);
    CHECK(world.last("why") == "begin");
    CHECK(world.last("value") == "41");
    CHECK(world.keys.anchor.value == 41);
    CHECK_FALSE(world.anchor->unfinished());
}

TEST_CASE("anchor: each start is one step, record and chip", "[daemon][anchor]") {
    World world;
    REQUIRE(world.start());
    REQUIRE(world.start());
    CHECK(world.last("why") == "start");
    CHECK(world.last("by") == "daemon");
    CHECK(world.last("value") == "42");
    CHECK(world.keys.anchor.value == 42);
    REQUIRE(world.settle());  // and one only
    CHECK(world.keys.anchor.value == 42);
}

TEST_CASE("anchor: a chip one behind the last record is a crash, and is completed",
          "[daemon][anchor]") {
    World world;
    world.recorded(9);
    world.keys.anchor.value = 8;
    REQUIRE(world.start());
    CHECK(world.anchor->holds());
    CHECK(world.keys.anchor.value == 10);  // completed, then the step of this start
    CHECK(world.last("value") == "10");
}

TEST_CASE("anchor: a chip ahead of the last record is a disk of yesterday", "[daemon][anchor]") {
    World world;
    world.recorded(9);
    world.keys.anchor.value = 10;
    REQUIRE(world.start());
    CHECK(world.refusal() == "anchor_differs");
    CHECK(world.phase() == AnchorPhase::differs);
    const std::string text = world.anchor->holds().error().text();
    CHECK(text.find("older than this TPM knows (its last anchor is 9, the counter is at 10)") !=
          std::string::npos);
    CHECK(world.advance().error().reason() == "anchor_differs");
    CHECK(world.keys.anchor.value == 10);
    CHECK(world.ledger.count("anchor") == 1);
    CHECK_FALSE(world.anchor->unfinished());  // no time heals it
}

TEST_CASE("anchor: a chip two behind is no crash", "[daemon][anchor]") {
    World world;
    world.recorded(9);
    world.keys.anchor.value = 7;
    REQUIRE(world.start());
    CHECK(world.refusal() == "anchor_differs");
    CHECK(world.anchor->view().reason.find("behind this ledger's last anchor 9") !=
          std::string::npos);
}

TEST_CASE("anchor: a new state directory on a used TPM differs", "[daemon][anchor]") {
    World world;
    world.keys.anchor.value = 1;
    REQUIRE(world.start());
    CHECK(world.refusal() == "anchor_differs");
    CHECK(world.anchor->view().reason.find("records no anchor") != std::string::npos);
}

TEST_CASE("anchor: a ledger with an anchor on a chip without one differs", "[daemon][anchor]") {
    World world;
    world.recorded(1);
    world.keys.tpm = GENERATE(true, false);  // removed; or no TPM any more
    REQUIRE(world.start());
    CHECK(world.refusal() == "anchor_differs");
    CHECK(world.keys.count("advance_anchor") == 0);
}

TEST_CASE("anchor: a host without a TPM signs without one, and asks nothing of it",
          "[daemon][anchor]") {
    World world;
    world.keys.tpm = false;
    REQUIRE(world.start());
    CHECK(world.anchor->holds());
    CHECK(world.phase() == AnchorPhase::absent);
    CHECK(*world.advance() == 0);
    CHECK(world.keys.calls == std::vector<std::string>{"read_anchor "});
    CHECK(world.ledger.records.empty());
    CHECK_FALSE(world.anchor->unfinished());
}

TEST_CASE("anchor: a full TPM keeps nobody from signing, and is said", "[daemon][anchor]") {
    World world;
    world.keys.anchor.is_full = true;
    REQUIRE(world.start());
    CHECK(world.anchor->holds());
    CHECK(world.phase() == AnchorPhase::absent);
    CHECK(world.anchor->view().reason.find("tpm_nv_full") == 0);
    CHECK(*world.advance() == 0);
    CHECK(world.ledger.records.empty());
    world.keys.anchor.is_full = false;  // room, by the next start
    REQUIRE(world.start());
    CHECK(world.phase() == AnchorPhase::ready);
}

TEST_CASE("anchor: while the chip does not answer signing is off, until it does",
          "[daemon][anchor]") {
    World world;
    world.recorded(9);
    world.keys.anchor.value = 9;
    world.keys.away = Error(Code::unavailable, "replaced").because("keys_unavailable");
    CHECK_FALSE(world.start());
    CHECK(world.refusal() == "anchor_unread");
    CHECK(world.anchor->unfinished());
    CHECK(world.advance().error().reason() == "anchor_unread");
    world.keys.away.reset();
    REQUIRE(world.settle());
    CHECK(world.anchor->holds());
    CHECK(world.keys.anchor.value == 10);
}

TEST_CASE("anchor: a worker that says what to mend is quoted", "[daemon][anchor]") {
    World world;
    world.keys.away = Error(Code::unavailable, "keys/ belongs to another TPM").because("other_tpm");
    CHECK_FALSE(world.start());
    CHECK(world.refusal() == "other_tpm");
}

TEST_CASE("anchor: the record is there before the chip counts", "[daemon][anchor]") {
    World world;
    REQUIRE(world.start());
    world.ledger.when_queued = [&] { CHECK(world.keys.anchor.value == 41); };
    CHECK(*world.advance() == 42);
    CHECK(world.last("why") == "interval");
    CHECK(world.keys.anchor.value == 42);
}

TEST_CASE("anchor: without a record the chip does not count", "[daemon][anchor]") {
    World world;
    REQUIRE(world.start());
    world.ledger.disk_full = true;
    CHECK(world.advance().error().reason() == "ledger_failed");
    CHECK(world.keys.anchor.value == 41);
    CHECK(world.anchor->holds());
    world.ledger.disk_full = false;
    CHECK(*world.advance() == 42);
}

TEST_CASE("anchor: an answer that was lost is asked for again, and counted once",
          "[daemon][anchor]") {
    World world;
    REQUIRE(world.start());
    world.keys.anchor_answer_lost = true;
    CHECK_FALSE(world.advance());
    CHECK(world.anchor->holds());
    CHECK(world.anchor->unfinished());
    REQUIRE(world.settle());
    CHECK_FALSE(world.anchor->unfinished());
    CHECK(world.keys.anchor.value == 42);
    CHECK(*world.advance() == 43);
}

TEST_CASE("anchor: when the first answer of all is lost the counter is ours all the same",
          "[daemon][anchor]") {
    World world;
    world.keys.anchor_answer_lost = true;
    CHECK_FALSE(world.start());
    CHECK_FALSE(world.anchor->holds());
    REQUIRE(world.settle());
    CHECK(world.anchor->holds());
    CHECK(world.keys.anchor.counted == 1);
    CHECK(world.last("value") == "41");
}

TEST_CASE("anchor: a step is never begun while the one before it is unfinished",
          "[daemon][anchor]") {
    World world;
    REQUIRE(world.start());
    world.keys.anchor_refuses = Error(Code::unavailable, "stuck").because("keys_unavailable");
    CHECK_FALSE(world.advance());
    CHECK_FALSE(world.advance());
    CHECK(world.ledger.count("anchor") == 2);  // the beginning, and the one unfinished
    world.keys.anchor_refuses.reset();
    CHECK(*world.advance() == 43);
    CHECK(world.ledger.count("anchor") == 3);
}

TEST_CASE("anchor: a counter that was moved beside us stops signing", "[daemon][anchor]") {
    World world;
    REQUIRE(world.start());
    world.keys.anchor.value = GENERATE(60U, 0U);
    CHECK(world.advance().error().reason() == "anchor_differs");
    CHECK(world.refusal() == "anchor_differs");
    CHECK(world.anchor->view().counter == world.keys.anchor.value);
}

TEST_CASE("anchor: who asks while a step is under way shares the next one", "[daemon][anchor]") {
    World world;
    REQUIRE(world.start());
    world.keys.hold();
    const auto ask = [&](const char* why) {
        auto pending = start_async(world.loop, world.anchor->advance(why, "login:1"));
        world.loop.restart();
        world.loop.poll();
        return pending;
    };
    const auto first = ask("suspend");
    const auto second = ask("policy");
    const auto third = ask("throttle");
    CHECK_FALSE(first->has_value());
    world.keys.let_go();
    world.loop.restart();
    world.loop.run();
    CHECK(***first == 42);
    CHECK(***second == 43);
    CHECK(***third == 43);
    CHECK(world.keys.anchor.value == 43);
    CHECK(world.last("why") == "policy");
    CHECK(*world.advance() == 44);
}

TEST_CASE("anchor: nothing new in the ledger is nothing to anchor", "[daemon][anchor]") {
    World world;
    REQUIRE(world.start());
    CHECK(world.anchor->is_current());
    world.ledger.records.push_back({"action", {}});
    CHECK_FALSE(world.anchor->is_current());
    REQUIRE(world.advance());
    CHECK(world.anchor->is_current());
}
