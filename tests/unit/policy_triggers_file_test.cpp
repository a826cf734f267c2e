// [triggers.NAME] tables: what they say, and what they may not.
#include <string>

#include "policy/agent_file.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::policy;

namespace {

std::string file_with(const std::string& triggers) {
    return "name = \"bot\"\n[accountability]\nsponsor = \"s\"\nowner = \"o\"\n"
           "policy_author = \"p\"\ncan_stop = [\"c\"]\n[recognise]\nuid = 1000\n"
           "executable_sha256 = \"" +
           std::string(64, 'a') + "\"\n" + triggers;
}

std::string trigger(const std::string& name, const std::string& rest,
                    const std::string& then = "suspend") {
    return "[triggers." + name + "]\nthen = \"" + then + "\"\n" + rest;
}

TriggerRules rules_in(const std::string& triggers) {
    auto agent = parse_agent_file("bot.toml", file_with(triggers));
    if (!agent) FAIL(agent.error().text());
    return agent->triggers;
}

// "bot.toml:LINE: …": the word must stand in it, and nothing may be accepted.
bool refused_for(const std::string& triggers, const std::string& word) {
    const auto agent = parse_agent_file("bot.toml", file_with(triggers));
    const std::string said = agent ? "accepted" : agent.error().text();
    INFO(said);
    CHECK(said.find(word) != std::string::npos);
    return !agent && said.starts_with("bot.toml:");
}

const std::string in_a_minute = "count = 20\nwithin_s = 60\n";

}  // namespace

TEST_CASE("triggers file: what is not declared is off", "[policy][triggers-file]") {
    const TriggerRules none = rules_in("");
    CHECK(none == TriggerRules{});
    for (const Trigger trigger : all_triggers)
        CHECK(reaction_to(none, trigger) == nullptr);
    CHECK(rules_in("[triggers]\n") == TriggerRules{});
}

TEST_CASE("triggers file: each means what it says", "[policy][triggers-file]") {
    const TriggerRules rules = rules_in(
        trigger("canary", "actions = [\"vault.export\"]\nkey = true\n", "revoke") +
        trigger("clock_back", "more_than_s = 30\n") + trigger("denial_burst", in_a_minute) +
        trigger("heartbeat", "every_s = 3600\n", "kill") +
        trigger("limit_exceeded", "count = 3\nwithin_s = 600\nrate = 6\n", "throttle") +
        trigger("measurement_drift", "", "kill") +
        trigger("novel_audience", "learn = 5\n", "approval-only") + trigger("security_event", ""));
    CHECK(rules.canary == Canary{{"revoke", {}}, {"vault.export"}, true});
    CHECK(rules.clock_back == Threshold{{"suspend", {}}, 30});
    CHECK(rules.denial_burst == Burst{{"suspend", {}}, 20, 60});
    CHECK(rules.heartbeat == Threshold{{"kill", {}}, 3600});
    CHECK(rules.limit_exceeded == Burst{{"throttle", 6}, 3, 600});
    CHECK(rules.measurement_drift == Reaction{"kill", {}});
    CHECK(rules.novel_audience == Threshold{{"approval-only", {}}, 5});
    CHECK(rules.security_event == Reaction{"suspend", {}});
    for (const Trigger one : all_triggers) {
        REQUIRE(reaction_to(rules, one) != nullptr);
        // What operators are shown has the file's own names.
        const encode::Json shown = to_json(rules);
        const encode::Json* table = shown.find(to_string(one));
        REQUIRE(table != nullptr);
        CHECK(*table->find("then")->string() == reaction_to(rules, one)->then);
    }
}

TEST_CASE("triggers file: a trigger or a key that there is not is named with its line",
          "[policy][triggers-file]") {
    CHECK(refused_for(trigger("denail_burst", in_a_minute), "denail_burst: unknown key"));
    CHECK(refused_for(trigger("security_event", "count = 1\n"), "count: unknown key"));
    CHECK(refused_for(trigger("denial_burst", in_a_minute + "window_s = 1\n"),
                      "triggers.denial_burst.window_s: unknown key"));
    CHECK(refused_for("[triggers.heartbeat]\nevery_s = 60\n", "then: is missing"));
    CHECK(refused_for("[triggers]\nheartbeat = 60\n", "must be a table"));
    // The third line of the table, which begins at the tenth.
    CHECK(refused_for(trigger("denial_burst", "count = 0\nwithin_s = 60\n"), "bot.toml:12:"));
}

TEST_CASE("triggers file: a reaction is one of five verbs, and only one has a rate",
          "[policy][triggers-file]") {
    for (const std::string_view word : reaction_words) {
        const std::string rate = word == "throttle" ? "rate = 600\n" : "";
        CHECK(rules_in(trigger("security_event", rate, std::string(word))).security_event);
    }
    for (const char* word : {"retire", "reinstate", "Suspend", "none"})
        CHECK(refused_for(trigger("security_event", "", word), "must be one of"));
    CHECK(refused_for(trigger("security_event", "rate = 6\n"), "only with"));
    CHECK(refused_for(trigger("security_event", "", "throttle"), "rate: is missing"));
    CHECK(refused_for(trigger("security_event", "rate = 0\n", "throttle"), "rate"));
    CHECK(refused_for(trigger("security_event", "rate = 601\n", "throttle"), "rate"));
}

TEST_CASE("triggers file: every number has its bounds", "[policy][triggers-file]") {
    struct Bound {
        const char* name;
        std::string before;
        const char* key;
        std::int64_t low, high;
    };
    const std::vector<Bound> bounds = {
        {"clock_back", "", "more_than_s", 1, max_clock_step},
        {"denial_burst", "within_s = 60\n", "count", 1, max_burst},
        {"denial_burst", "count = 1\n", "within_s", 1, max_burst_window},
        {"limit_exceeded", "within_s = 60\n", "count", 1, max_burst},
        {"heartbeat", "", "every_s", 1, max_heartbeat},
        {"novel_audience", "", "learn", 0, max_learned},
    };
    for (const Bound& bound : bounds) {
        const auto with = [&](std::int64_t number) {
            return trigger(bound.name,
                           bound.before + bound.key + " = " + std::to_string(number) + "\n");
        };
        CHECK_FALSE(rules_in(with(bound.low)) == TriggerRules{});
        CHECK_FALSE(rules_in(with(bound.high)) == TriggerRules{});
        CHECK(refused_for(with(bound.low - 1), bound.key));
        CHECK(refused_for(with(bound.high + 1), bound.key));
        CHECK(refused_for(trigger(bound.name, bound.before), bound.key));
    }
}

TEST_CASE("triggers file: a canary that nothing would set off is refused",
          "[policy][triggers-file]") {
    CHECK(refused_for(trigger("canary", ""), "nothing would set it off"));
    CHECK(refused_for(trigger("canary", "key = false\n"), "nothing would set it off"));
    CHECK(refused_for(trigger("canary", "actions = []\n"), "nothing would set it off"));
    CHECK(refused_for(trigger("canary", "actions = [\"Vault\"]\n"), "name of an action"));
    CHECK(refused_for(trigger("canary", "actions = [\"a\", \"a\"]\n"), "twice"));
    std::string many;
    for (std::size_t i = 0; i < max_canary_actions; ++i)
        many += "\"a" + std::to_string(i) + "\", ";
    CHECK(rules_in(trigger("canary", "actions = [" + many + "]\n")).canary->actions.size() ==
          max_canary_actions);
    CHECK(refused_for(trigger("canary", "actions = [" + many + "\"more\"]\n"), "more than 64"));
}
