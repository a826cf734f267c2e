// Promises of every key store: what a signature is over, and how keys share the hardware.
#include "core/crypto/jws_signature.h"
#include "tests/contract/key_store_bench.h"

using namespace holdfast;
using namespace holdfast::tests;

namespace {

// Signed, and good for exactly this message.
void check_signs_exactly(KeyStoreBench& bench, const KeyDescription& key, Bytes message) {
    const auto signature = bench.keys().sign(key.id, message);
    if (!signature) FAIL(signature.error().text());
    CHECK(crypto::verify_jws(key.algorithm, key.spki, message, *signature));
    message.push_back(0);
    CHECK_FALSE(crypto::verify_jws(key.algorithm, key.spki, message, *signature));
}

}  // namespace

CONTRACT(an_empty_message_is_signed) {
    for (const KeyAlgorithm algorithm : bench.keys().algorithms())
        check_signs_exactly(bench, bench.agent_key("bot", algorithm), Bytes());
}

CONTRACT(a_message_of_64_kib_is_signed_whole) {
    constexpr std::size_t size = 64UL * 1024;
    for (const KeyAlgorithm algorithm : bench.keys().algorithms()) {
        const auto key = bench.agent_key("bot", algorithm);
        Bytes message(size, 7);
        check_signs_exactly(bench, key, message);
        const auto signature = bench.keys().sign(key.id, message);
        REQUIRE(signature);
        message[size - 1] ^= 1U;
        CHECK_FALSE(crypto::verify_jws(algorithm, key.spki, message, *signature));
        message[size - 1] ^= 1U;
        message[0] ^= 1U;
        CHECK_FALSE(crypto::verify_jws(algorithm, key.spki, message, *signature));
    }
}

PORT_CONTRACT(keys_that_sign_in_turn_do_not_mix) {
    const auto first = bench.agent_key("first");
    const auto second = bench.agent_key("second");
    for (int round = 0; round < 6; ++round) {
        const auto& [mine, other] =
            round % 2 == 0 ? std::tie(first, second) : std::tie(second, first);
        const Bytes asked = bench.message(mine, std::to_string(round));
        const auto signature = bench.keys().sign(mine.id, asked);
        REQUIRE(signature);
        CHECK(crypto::verify_es256(mine.spki, asked, *signature));
        CHECK_FALSE(crypto::verify_es256(other.spki, asked, *signature));
    }
}

PORT_CONTRACT(keys_of_different_algorithms_sign_in_turn) {
    std::vector<KeyDescription> made;
    for (const KeyAlgorithm algorithm : bench.keys().algorithms())
        made.push_back(bench.agent_key("bot", algorithm));
    for (int round = 0; round < 2; ++round)
        for (const KeyDescription& key : made)
            CHECK(bench.signs(key));
}

PORT_CONTRACT(fifty_signatures_all_have_their_size) {
    for (const KeyAlgorithm algorithm : {KeyAlgorithm::es256, KeyAlgorithm::es384}) {
        const auto key = bench.agent_key("bot", algorithm);
        for (int round = 0; round < 50; ++round) {
            const Bytes asked = bench.message(key, std::to_string(round));
            const auto signature = bench.keys().sign(key.id, asked);
            REQUIRE(signature);
            REQUIRE(signature->size() == signature_size(algorithm));
            REQUIRE(crypto::verify_jws(algorithm, key.spki, asked, *signature));
        }
    }
}

CONTRACT(flushing_sessions_changes_nothing_for_who_signs_next) {
    const auto key = bench.agent_key("bot");
    CHECK(bench.keys().flush_sessions());
    CHECK(bench.signs(key));
    CHECK(bench.keys().flush_sessions());
    CHECK(bench.signs(key));
}

CONTRACT(resting_changes_nothing_for_who_signs_next) {
    const auto key = bench.agent_key("bot");
    bench.keys().rest();
    CHECK(bench.signs(key));
    bench.keys().rest();
    bench.keys().rest();
    CHECK(bench.signs(key));
}
