// What the keys worker tells the worker of the other backend, and believes of it.
#include <filesystem>

#include "tests/support/key_samples.h"
#include "tests/support/keys_worker_bench.h"

using namespace holdfast;
using namespace holdfast::daemon;
using tests::KeysWorkerBench;

TEST_CASE("keys worker: the CA signs for a living key of the other backend", "[daemon][workers]") {
    KeysWorkerBench fixture;
    REQUIRE(fixture.worker.prepare());
    const auto key = fixture.publish_elsewhere("hsm-bot-1");
    CHECK(fixture.certify("bot", key.spki));
    CHECK_FALSE(fixture.certify("other", key.spki));
    REQUIRE(fixture.live_keys.withdraw(key.id));
    CHECK(fixture.certify("bot", key.spki).error().code() == Code::denied);
}

TEST_CASE("keys worker: a key lives for the other backend from its making to before its end",
          "[daemon][workers]") {
    KeysWorkerBench fixture;
    REQUIRE(fixture.worker.prepare());
    const auto living = [&] { return *fixture.live_keys.ids(Backend::tpm); };
    for (const char* name : {"a", "b", "c"})
        REQUIRE(fixture.ask(Operation::create, encode(tests::plain_key_of(name))));
    CHECK(living() == std::vector<std::string>{"agent-a-1", "agent-b-1", "agent-c-1"});
    std::vector<std::string> at_the_end;
    fixture.store.before_an_end = [&] { at_the_end = living(); };
    REQUIRE(fixture.ask(Operation::blow_fuse, encode_name("agent-a-1")));
    CHECK(at_the_end == std::vector<std::string>{"agent-b-1", "agent-c-1"});
    const auto elsewhere = fixture.publish_elsewhere("hsm-bot-1");
    REQUIRE(fixture.ask(Operation::blow_host_fuse));
    CHECK(at_the_end.empty());
    CHECK(fixture.live_keys.is_live("bot", elsewhere.spki));
}

TEST_CASE("keys worker: a broken disk does not keep a key from ending", "[daemon][workers]") {
    KeysWorkerBench fixture;
    REQUIRE(fixture.worker.prepare());
    REQUIRE(fixture.ask(Operation::create, encode(tests::plain_key_of("bot"))));
    const std::string file = fixture.folder.file("live/agent-bot-1.json");
    std::filesystem::remove(file);
    std::filesystem::create_directory(file);  // cannot be unlinked, whoever asks
    CHECK_FALSE(fixture.ask(Operation::blow_fuse, encode_name("agent-bot-1")));
    CHECK(*fixture.store.fuse_state("agent-bot-1") == hsm::FuseState::blown);
    CHECK_FALSE(fixture.ask(Operation::blow_host_fuse));
    CHECK(*fixture.store.fuse_state("ca") == hsm::FuseState::blown);
}

TEST_CASE("keys worker: a key of which nobody could be told does not stay", "[daemon][workers]") {
    KeysWorkerBench fixture;
    REQUIRE(fixture.worker.prepare());
    std::filesystem::create_directory(fixture.folder.file("live/agent-bot-1.json.unfinished"));
    CHECK_FALSE(fixture.ask(Operation::create, encode(tests::plain_key_of("bot"))));
    CHECK(fixture.store.describe("agent-bot-1").error().code() == Code::not_found);
}

TEST_CASE("keys worker: at start the living are exactly the keys that still sign",
          "[daemon][workers]") {
    KeysWorkerBench fixture;
    for (const char* name : {"intact", "blown"})
        REQUIRE(fixture.store.create(
            {.purpose = Purpose::action, .agent = name, .algorithm = KeyAlgorithm::es256}));
    REQUIRE(fixture.store.blow_fuse("agent-blown-1"));
    KeyDescription gone;
    gone.id = "agent-gone-1";
    gone.agent = "gone";
    REQUIRE(fixture.live_keys.publish(gone));
    const auto elsewhere = fixture.publish_elsewhere("hsm-bot-1");
    REQUIRE(fixture.worker.prepare());
    CHECK(*fixture.live_keys.ids(Backend::tpm) == std::vector<std::string>{"agent-intact-1"});
    CHECK(fixture.live_keys.is_live("bot", elsewhere.spki));
}
