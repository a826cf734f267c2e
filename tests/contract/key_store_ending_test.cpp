// Promises of every key store: what ends a key, and that it has ended.
#include "tests/contract/key_store_bench.h"

using namespace holdfast;
using namespace holdfast::tests;
using hsm::FuseState;

PORT_CONTRACT(a_blown_fuse_ends_exactly_that_key) {
    const auto key = bench.agent_key("bot");
    const auto other = bench.agent_key("other-bot");
    REQUIRE(bench.signs(key));
    REQUIRE(bench.keys().blow_fuse(key.id));
    CHECK(bench.is_dead(key));
    CHECK(bench.signs(other));
}

PORT_CONTRACT(a_fuse_ends_a_key_of_every_algorithm) {
    for (const KeyAlgorithm algorithm : bench.keys().algorithms()) {
        INFO(to_string(algorithm));
        const auto key = bench.agent_key("bot", algorithm);
        CHECK(bench.signs(key));
        REQUIRE(bench.keys().blow_fuse(key.id));
        CHECK(bench.is_dead(key));
    }
}

CONTRACT(the_state_of_a_fuse_is_told) {
    const auto key = bench.agent_key("bot");
    const auto other = bench.agent_key("other-bot");
    CHECK(*bench.keys().fuse_state(key.id) == FuseState::intact);
    REQUIRE(bench.keys().blow_fuse(key.id));
    CHECK(*bench.keys().fuse_state(key.id) == FuseState::blown);
    CHECK(*bench.keys().fuse_state(other.id) == FuseState::intact);
}

CONTRACT(blowing_twice_is_blowing_once) {
    const auto key = bench.agent_key("bot");
    CHECK(bench.keys().blow_fuse(key.id));
    CHECK(bench.keys().blow_fuse(key.id));
    CHECK(*bench.keys().fuse_state(key.id) == FuseState::blown);
    CHECK(bench.keys().destroy(key.id));
}

PORT_CONTRACT(an_ended_key_is_described_until_it_is_destroyed) {
    const auto key = bench.agent_key("bot");
    REQUIRE(bench.keys().blow_fuse(key.id));
    const auto described = bench.keys().describe(key.id);
    REQUIRE(described);
    CHECK(described->spki == key.spki);
    CHECK(agent_ids(bench.keys()) == std::vector{key.id});
    REQUIRE(bench.keys().destroy(key.id));
    CHECK(agent_ids(bench.keys()).empty());
}

PORT_CONTRACT(an_ended_key_stays_ended_after_reopening) {
    const auto key = bench.agent_key("bot");
    const auto other = bench.agent_key("other-bot");
    REQUIRE(bench.keys().blow_fuse(key.id));
    bench.reopen();
    CHECK(bench.is_dead(key));
    CHECK(bench.keys().blow_fuse(key.id));
    CHECK(bench.signs(other));
}

CONTRACT(the_host_fuse_ends_agents_and_ca_but_not_the_ledger) {
    const auto key = bench.agent_key("bot");
    const auto ca = bench.created(of_host(Purpose::certificate));
    const auto ledger = bench.created(of_host(Purpose::checkpoint));
    REQUIRE(bench.keys().blow_host_fuse());
    CHECK(bench.is_dead(key));
    CHECK(bench.is_dead(ca));
    CHECK(*bench.keys().fuse_state(key.id) == FuseState::blown);
    CHECK(*bench.keys().fuse_state(ca.id) == FuseState::blown);
    CHECK(bench.signs(ledger));
    CHECK(*bench.keys().fuse_state(ledger.id) == FuseState::intact);
}

PORT_CONTRACT(the_host_fuse_ends_keys_of_every_algorithm) {
    std::vector<KeyDescription> made;
    for (const KeyAlgorithm algorithm : bench.keys().algorithms())
        made.push_back(bench.agent_key("bot", algorithm));
    REQUIRE(bench.keys().blow_host_fuse());
    for (const KeyDescription& key : made)
        CHECK(bench.is_dead(key));
}

PORT_CONTRACT(the_host_fuse_may_be_blown_again_and_holds_after_reopening) {
    const auto key = bench.agent_key("bot");
    REQUIRE(bench.keys().blow_host_fuse());
    CHECK(bench.keys().blow_host_fuse());
    bench.reopen();
    CHECK(bench.is_dead(key));
}

PORT_CONTRACT(a_host_without_agents_can_blow_its_fuse) {
    REQUIRE(bench.keys().blow_host_fuse());
    CHECK(bench.signs(bench.agent_key("bot")));
}

PORT_CONTRACT(a_key_made_after_the_host_fuse_works) {
    bench.agent_key("bot");
    REQUIRE(bench.keys().blow_host_fuse());
    const auto key = bench.agent_key("bot");
    CHECK(key.id == bench.prefix() + "bot-2");
    CHECK(bench.signs(key));
}

CONTRACT(host_keys_have_no_fuse_of_their_own) {
    const auto ca = bench.created(of_host(Purpose::certificate));
    const auto ledger = bench.created(of_host(Purpose::checkpoint));
    CHECK(bench.keys().blow_fuse("ca").error().code() == Code::conflict);
    CHECK(bench.keys().blow_fuse("ledger").error().code() == Code::conflict);
    CHECK(bench.signs(ca));
    CHECK(bench.signs(ledger));
}

PORT_CONTRACT(only_a_blown_key_can_be_destroyed) {
    const auto key = bench.agent_key("bot");
    CHECK(bench.keys().destroy(key.id).error().code() == Code::conflict);
    CHECK(bench.signs(key));
    REQUIRE(bench.keys().blow_fuse(key.id));
    REQUIRE(bench.keys().destroy(key.id));
    CHECK(bench.keys().describe(key.id).error().code() == Code::not_found);
    const auto asked = bench.message(key, "x");
    CHECK(bench.keys().sign(key.id, asked).error().code() == Code::not_found);
}

PORT_CONTRACT(what_is_destroyed_is_unknown_also_to_destroy) {
    const auto key = bench.agent_key("bot");
    REQUIRE(bench.keys().blow_fuse(key.id));
    REQUIRE(bench.keys().destroy(key.id));
    CHECK(bench.keys().destroy(key.id).error().code() == Code::not_found);
    CHECK(bench.keys().blow_fuse(key.id).error().code() == Code::not_found);
    bench.reopen();
    CHECK(bench.keys().describe(key.id).error().code() == Code::not_found);
}

PORT_CONTRACT(a_key_that_the_host_fuse_ended_can_be_destroyed) {
    const auto key = bench.agent_key("bot");
    const auto other = bench.agent_key("other-bot");
    REQUIRE(bench.keys().blow_host_fuse());
    REQUIRE(bench.keys().destroy(key.id));
    CHECK(agent_ids(bench.keys()) == std::vector{other.id});
    CHECK(bench.is_dead(other));
}

CONTRACT(the_ledger_key_is_not_destroyed) {
    const auto ledger = bench.created(of_host(Purpose::checkpoint));
    CHECK(bench.keys().destroy("ledger").error().code() == Code::conflict);
    REQUIRE(bench.keys().blow_host_fuse());
    CHECK(bench.keys().destroy("ledger").error().code() == Code::conflict);
    CHECK(bench.signs(ledger));
}

PORT_CONTRACT(destroying_a_key_leaves_the_others) {
    const auto first = bench.agent_key("bot");
    const auto second = bench.agent_key("bot");
    const auto other = bench.agent_key("other-bot");
    REQUIRE(bench.keys().blow_fuse(first.id));
    REQUIRE(bench.keys().destroy(first.id));
    CHECK(bench.signs(second));
    CHECK(bench.signs(other));
    REQUIRE(bench.keys().blow_fuse(second.id));
    CHECK(bench.is_dead(second));
}
