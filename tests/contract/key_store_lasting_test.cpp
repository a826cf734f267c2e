// Promises of every key store: what is still so when another process opens it, and after a crash.
#include <fstream>
#include <sstream>

#include "tests/contract/key_store_bench.h"
#include "tests/support/key_samples.h"

using namespace holdfast;
using namespace holdfast::tests;

namespace {

std::string read(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// As a crash leaves it between the hardware's answer and the record that the key is ready.
void unfinish(const std::string& record) {
    std::string text = read(record);
    const std::string ready = R"("stage":"ready")";
    const std::size_t at = text.find(ready);
    REQUIRE(at != std::string::npos);
    std::ofstream(record) << text.replace(at, ready.size(), R"("stage":"making")");
}

}  // namespace

PORT_CONTRACT(keys_of_every_algorithm_survive_reopening) {
    std::vector<KeyDescription> made;
    for (const KeyAlgorithm algorithm : bench.keys().algorithms())
        made.push_back(bench.agent_key("bot", algorithm));
    bench.reopen();
    for (const KeyDescription& key : made) {
        INFO(to_string(key.algorithm));
        const auto again = bench.keys().describe(key.id);
        REQUIRE(again);
        CHECK(same(*again, key));
        CHECK(bench.signs(key));
    }
}

CONTRACT(host_keys_survive_reopening_and_stay_the_only_ones) {
    const auto ca = bench.created(of_host(Purpose::certificate));
    const auto ledger = bench.created(of_host(Purpose::checkpoint));
    bench.reopen();
    for (const KeyDescription& key : {ca, ledger}) {
        CHECK(same(*bench.keys().describe(key.id), key));
        CHECK(bench.signs(key));
        CHECK(bench.keys().create(of_host(key.purpose)).error().code() == Code::conflict);
    }
}

PORT_CONTRACT(every_key_of_a_name_has_a_number_of_its_own_for_ever) {
    const auto first = bench.agent_key("bot");
    REQUIRE(bench.keys().blow_fuse(first.id));
    REQUIRE(bench.keys().destroy(first.id));
    const auto second = bench.agent_key("bot");
    CHECK(second.id == bench.prefix() + "bot-2");
    CHECK(second.spki != first.spki);
    CHECK(bench.signs(second));
}

PORT_CONTRACT(numbers_are_not_used_again_after_reopening) {
    const auto first = bench.agent_key("bot");
    REQUIRE(bench.keys().blow_fuse(first.id));
    REQUIRE(bench.keys().destroy(first.id));
    bench.reopen();
    CHECK(bench.agent_key("bot").id == bench.prefix() + "bot-2");
}

PORT_CONTRACT(a_reopened_store_ends_keys_as_the_one_before) {
    const auto key = bench.agent_key("bot");
    const auto other = bench.agent_key("other-bot");
    bench.reopen();
    REQUIRE(bench.keys().blow_fuse(key.id));
    CHECK(bench.is_dead(key));
    CHECK(bench.signs(other));
    REQUIRE(bench.keys().blow_host_fuse());
    CHECK(bench.is_dead(other));
}

DISK_CONTRACT(what_a_crash_left_half_made_is_gone_and_its_number_used) {
    const auto half = bench.agent_key("bot");
    const auto whole = bench.agent_key("other-bot");
    unfinish(bench.record(half.id));
    bench.reopen();
    CHECK(bench.keys().describe(half.id).error().code() == Code::not_found);
    CHECK(agent_ids(bench.keys()) == std::vector{whole.id});
    CHECK(bench.signs(whole));
    CHECK_FALSE(std::ifstream(bench.record(half.id)).good());
    CHECK(bench.agent_key("bot").id == bench.prefix() + "bot-2");
}

DISK_CONTRACT(a_half_made_host_key_is_made_anew) {
    const auto half = bench.created(of_host(Purpose::checkpoint));
    unfinish(bench.record(half.id));
    bench.reopen();
    const auto whole = bench.created(of_host(Purpose::checkpoint));
    CHECK(whole.id == half.id);
    CHECK(whole.spki != half.spki);
    CHECK(bench.signs(whole));
}

DISK_CONTRACT(other_files_beside_the_records_are_no_keys) {
    const auto key = bench.agent_key("bot");
    const std::string text = read(bench.record(key.id));
    for (const char* id :
         {"README", "agent-", "hsm-", "agent-bot", "hsm-bot", "..agent-bot-2", "Agent-bot-2"})
        std::ofstream(bench.record(id)) << text;
    std::ofstream(bench.record(key.id) + ".unfinished") << text;
    bench.reopen();
    CHECK(agent_ids(bench.keys()) == std::vector{key.id});
    CHECK(bench.signs(key));
}

DISK_CONTRACT(a_damaged_record_is_an_error_and_no_key) {
    const auto key = bench.agent_key("bot");
    const std::string good = read(bench.record(key.id));
    for (const std::string& text : {good.substr(0, good.size() / 2), std::string(), good + "x"}) {
        std::ofstream(bench.record(key.id)) << text;
        if (bench.try_reopen()) CHECK_FALSE(bench.keys().sign(key.id, view_of("x")));
    }
    std::ofstream(bench.record(key.id)) << good;
    bench.reopen();
    CHECK(bench.signs(key));
}
