// Promises of every key store: which keys are made, and what is known of them.
#include <algorithm>
#include <set>

#include "core/crypto/jwk.h"
#include "core/crypto/jws_signature.h"
#include "tests/contract/key_store_bench.h"
#include "tests/support/key_samples.h"

using namespace holdfast;
using namespace holdfast::tests;

PORT_CONTRACT(a_new_key_signs_and_its_public_half_verifies) {
    const auto key = bench.agent_key("deploy-bot");
    const Bytes asked = bench.message(key, "what is signed");
    const auto signature = bench.keys().sign(key.id, asked);
    REQUIRE(signature);
    CHECK(signature->size() == 64);
    CHECK(crypto::verify_es256(key.spki, asked, *signature));
    CHECK_FALSE(crypto::verify_es256(key.spki, bench.message(key, "something else"), *signature));
}

PORT_CONTRACT(what_is_made_is_what_was_asked_for) {
    const auto key = bench.agent_key("deploy-bot", KeyAlgorithm::es384);
    CHECK(key.id == bench.prefix() + "deploy-bot-1");
    CHECK(key.agent == "deploy-bot");
    CHECK(key.purpose == Purpose::action);
    CHECK(key.algorithm == KeyAlgorithm::es384);
    CHECK(key.agent_fuse.kind != FuseKind::none);  // something can end it
    CHECK(crypto::check_key_of(KeyAlgorithm::es384, key.spki));
}

PORT_CONTRACT(every_algorithm_offered_signs_as_it_says) {
    for (const KeyAlgorithm algorithm : bench.keys().algorithms()) {
        INFO(to_string(algorithm));
        const auto key = bench.agent_key("bot", algorithm);
        CHECK(key.algorithm == algorithm);
        CHECK(crypto::check_key_of(algorithm, key.spki));
        const Bytes asked = bench.message(key, "what is signed");
        const auto signature = bench.keys().sign(key.id, asked);
        REQUIRE(signature);
        CHECK(signature->size() == signature_size(algorithm));
        CHECK(crypto::verify_jws(algorithm, key.spki, asked, *signature));
    }
}

PORT_CONTRACT(an_algorithm_not_offered_is_refused_and_leaves_nothing) {
    const auto offered = bench.keys().algorithms();
    int refusals = 0;
    for (int number = 1; number <= 7; ++number) {
        const auto algorithm = static_cast<KeyAlgorithm>(number);
        if (std::ranges::find(offered, algorithm) != offered.end()) continue;
        const auto refused = bench.keys().create(of_agent("bot", algorithm));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code() == Code::invalid);
        CHECK(refused.error().reason() == "algorithm_unavailable");
        ++refusals;
    }
    if (bench.prefix() == "agent-") CHECK(refusals > 0);  // no TPM has Ed25519
    CHECK(agent_ids(bench.keys()).empty());
    CHECK(bench.agent_key("bot").id == bench.prefix() + "bot-1");
}

PORT_CONTRACT(algorithms_are_offered_once_each_and_es256_always) {
    const auto offered = bench.keys().algorithms();
    const std::set<KeyAlgorithm> distinct(offered.begin(), offered.end());
    CHECK(distinct.size() == offered.size());
    CHECK(distinct.contains(KeyAlgorithm::es256));
}

PORT_CONTRACT(what_is_offered_never_changes) {
    const auto offered = bench.keys().algorithms();
    const auto key = bench.agent_key("bot");
    REQUIRE(bench.keys().blow_fuse(key.id));
    CHECK(bench.keys().algorithms() == offered);
    bench.reopen();
    CHECK(bench.keys().algorithms() == offered);
}

CONTRACT(there_is_one_ca_key_and_one_ledger_key) {
    hsm::KeyStore& keys = bench.keys();
    const auto ca = bench.created(of_host(Purpose::certificate));
    const auto ledger = bench.created(of_host(Purpose::checkpoint));
    CHECK(ca.id == "ca");
    CHECK(ca.purpose == Purpose::certificate);
    CHECK(ledger.id == "ledger");
    CHECK(ledger.purpose == Purpose::checkpoint);
    CHECK(keys.create(of_host(Purpose::certificate)).error().code() == Code::conflict);
    CHECK(keys.create(of_host(Purpose::checkpoint)).error().code() == Code::conflict);
    CHECK(keys.describe("ca")->spki == ca.spki);
    CHECK(bench.signs(ca));
    CHECK(bench.signs(ledger));
}

CONTRACT(host_keys_are_es256_and_no_agents) {
    for (const Purpose purpose : {Purpose::certificate, Purpose::checkpoint}) {
        for (const KeyAlgorithm algorithm : {KeyAlgorithm::es384, KeyAlgorithm::rs256_2048}) {
            auto wanted = of_host(purpose);
            wanted.algorithm = algorithm;
            CHECK(bench.keys().create(wanted).error().code() == Code::invalid);
        }
        auto wanted = of_host(purpose);
        wanted.agent = "bot";
        CHECK(bench.keys().create(wanted).error().code() == Code::invalid);
        CHECK(bench.created(of_host(purpose)).algorithm == KeyAlgorithm::es256);
    }
}

CONTRACT(no_attestation_key_is_made) {
    CHECK(bench.keys().create(of_host(Purpose::attest)).error().code() == Code::invalid);
    CHECK(bench.keys().list()->empty());
}

PORT_CONTRACT(what_is_no_agents_name_is_refused) {
    for (const char* name : {"", "../ca", "Bot", "bot.json", "bot/1", "-bot", "b t"}) {
        INFO(name);
        CHECK(bench.keys().create(of_agent(name)).error().code() == Code::invalid);
    }
    CHECK(agent_ids(bench.keys()).empty());
}

PORT_CONTRACT(an_agents_name_has_up_to_63_characters) {
    const std::string longest(63, 'a');
    const auto key = bench.agent_key(longest);
    CHECK(key.agent == longest);
    CHECK(bench.signs(key));
    CHECK(bench.keys().create(of_agent(longest + "a")).error().code() == Code::invalid);
}

PORT_CONTRACT(names_that_end_in_numbers_are_names_of_their_own) {
    const auto bot = bench.agent_key("bot");
    const auto numbered = bench.agent_key("bot-1");
    CHECK(bot.id == bench.prefix() + "bot-1");
    CHECK(numbered.id == bench.prefix() + "bot-1-1");
    REQUIRE(bench.keys().blow_fuse(bot.id));
    CHECK(bench.signs(numbered));
    CHECK(bench.is_dead(bot));
}

PORT_CONTRACT(every_agent_counts_its_own_keys) {
    CHECK(bench.agent_key("a").id == bench.prefix() + "a-1");
    CHECK(bench.agent_key("a").id == bench.prefix() + "a-2");
    CHECK(bench.agent_key("b").id == bench.prefix() + "b-1");
    CHECK(bench.agent_key("a").id == bench.prefix() + "a-3");
}

PORT_CONTRACT(an_agent_may_have_two_keys_at_once) {
    const auto first = bench.agent_key("bot");
    const auto second = bench.agent_key("bot", KeyAlgorithm::es384);
    CHECK(first.spki != second.spki);
    CHECK(bench.signs(first));
    CHECK(bench.signs(second));
    REQUIRE(bench.keys().blow_fuse(first.id));
    CHECK(bench.is_dead(first));
    CHECK(bench.signs(second));
}

PORT_CONTRACT(create_describe_and_list_say_the_same) {
    const auto made = bench.agent_key("bot", KeyAlgorithm::es384);
    const auto described = bench.keys().describe(made.id);
    REQUIRE(described);
    CHECK(same(*described, made));
    const auto all = bench.keys().list();
    REQUIRE(all);
    const auto listed = std::ranges::find(*all, made.id, &KeyDescription::id);
    REQUIRE(listed != all->end());
    CHECK(same(*listed, made));
}

CONTRACT(list_names_every_key_once) {
    CHECK(bench.keys().list()->empty());
    bench.agent_key("bot");
    bench.agent_key("other-bot");
    bench.created(of_host(Purpose::certificate));
    const auto all = bench.keys().list();
    REQUIRE(all);
    CHECK(all->size() == 3);
    CHECK(std::ranges::count(*all, bench.prefix() + "other-bot-1", &KeyDescription::id) == 1);
    CHECK(std::ranges::count(*all, "ca", &KeyDescription::id) == 1);
}

CONTRACT(an_unknown_key_is_not_found_whatever_is_asked) {
    hsm::KeyStore& keys = bench.keys();
    const std::string nobody = bench.prefix() + "nobody-1";
    CHECK(keys.describe(nobody).error().code() == Code::not_found);
    CHECK(keys.sign(nobody, view_of("x")).error().code() == Code::not_found);
    CHECK(keys.blow_fuse(nobody).error().code() == Code::not_found);
    CHECK(keys.fuse_state(nobody).error().code() == Code::not_found);
    CHECK(keys.destroy(nobody).error().code() == Code::not_found);
    CHECK(keys.describe("ca").error().code() == Code::not_found);
}

PORT_CONTRACT(an_id_is_a_name_and_no_path) {
    const auto key = bench.agent_key("bot");
    for (const std::string& id :
         {std::string("../../etc/shadow"), std::string(), key.id + ".json", key.id + "/",
          "./" + key.id, key.id + std::string(1, '\0'), bench.prefix() + std::string(4096, 'a')}) {
        INFO(id);
        CHECK(bench.keys().describe(id).error().code() == Code::not_found);
        CHECK(bench.keys().sign(id, view_of("x")).error().code() == Code::not_found);
        CHECK(bench.keys().destroy(id).error().code() == Code::not_found);
    }
    CHECK(bench.signs(key));
}
