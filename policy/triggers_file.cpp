#include "policy/triggers_file.h"

#include <algorithm>

#include "core/encode/statement.h"
#include "holdfast/action.h"

namespace holdfast::policy {
namespace {

constexpr std::size_t max_word = 64;

std::string known_words() {
    std::string words;
    for (const std::string_view word : reaction_words)
        words += (words.empty() ? "\"" : ", \"") + std::string(word) + "\"";
    return words;
}

Done read_reaction(TomlTable& table, Reaction& reaction) {
    HOLDFAST_TRY(word, table.text("then", max_word));
    if (std::ranges::find(reaction_words, word) == reaction_words.end())
        return table.wrong("then", "must be one of " + known_words());
    const bool throttles = word == "throttle";
    reaction.then = std::move(word);
    if (!throttles && table.has("rate")) return table.wrong("rate", "only with \"throttle\"");
    if (!throttles) return done();
    HOLDFAST_TRY(rate, table.integer("rate", min_reaction_rate, max_reaction_rate));
    reaction.rate = rate;
    return done();
}

Done read_rule(TomlTable& table, Reaction& reaction) {
    return read_reaction(table, reaction);
}

Done read_rule(TomlTable& table, Burst& burst) {
    HOLDFAST_CHECK(read_reaction(table, burst.reaction));
    HOLDFAST_TRY(count, table.integer("count", 1, max_burst));
    HOLDFAST_TRY(within, table.integer("within_s", 1, max_burst_window));
    burst.count = count;
    burst.within = within;
    return done();
}

Done read_number(TomlTable& table, Threshold& rule, std::string_view key, std::int64_t low,
                 std::int64_t high) {
    HOLDFAST_CHECK(read_reaction(table, rule.reaction));
    HOLDFAST_TRY(number, table.integer(key, low, high));
    rule.number = number;
    return done();
}

Done read_rule(TomlTable& table, Canary& canary) {
    HOLDFAST_CHECK(read_reaction(table, canary.reaction));
    if (table.has("actions")) {
        HOLDFAST_TRY(actions, table.texts("actions", max_canary_actions, max_action_name));
        canary.actions = std::move(actions);
    }
    for (const std::string& action : canary.actions)
        if (!encode::is_action_name(action))
            return table.wrong("actions", "\"" + action + "\" cannot be the name of an action");
    if (table.has("key")) {
        HOLDFAST_TRY(key, table.flag("key"));
        canary.key = key;
    }
    // Whoever declares one relies on it.
    if (canary.actions.empty() && !canary.key)
        return table.wrong("actions", "or key = true is missing: nothing would set it off");
    return done();
}

template <class Rule>
Done read_one(TomlTable& triggers, Trigger trigger, std::optional<Rule>& into,
              Done (*read)(TomlTable&, Rule&)) {
    const std::string_view name = to_string(trigger);
    if (!triggers.has(name)) return done();
    HOLDFAST_TRY(table, triggers.table(name));
    Rule rule;
    HOLDFAST_CHECK(read(table, rule));
    into = std::move(rule);
    return table.finish();
}

Done read_clock_back(TomlTable& table, Threshold& rule) {
    return read_number(table, rule, "more_than_s", 1, max_clock_step);
}
Done read_heartbeat(TomlTable& table, Threshold& rule) {
    return read_number(table, rule, "every_s", 1, max_heartbeat);
}
Done read_novel_audience(TomlTable& table, Threshold& rule) {
    return read_number(table, rule, "learn", 0, max_learned);
}

}  // namespace

Result<TriggerRules> read_triggers(TomlTable& root) {
    TriggerRules rules;
    if (!root.has("triggers")) return rules;
    HOLDFAST_TRY(table, root.table("triggers"));
    HOLDFAST_CHECK(read_one<Canary>(table, Trigger::canary, rules.canary, read_rule));
    HOLDFAST_CHECK(read_one(table, Trigger::clock_back, rules.clock_back, read_clock_back));
    HOLDFAST_CHECK(read_one<Burst>(table, Trigger::denial_burst, rules.denial_burst, read_rule));
    HOLDFAST_CHECK(read_one(table, Trigger::heartbeat, rules.heartbeat, read_heartbeat));
    HOLDFAST_CHECK(
        read_one<Burst>(table, Trigger::limit_exceeded, rules.limit_exceeded, read_rule));
    HOLDFAST_CHECK(
        read_one<Reaction>(table, Trigger::measurement_drift, rules.measurement_drift, read_rule));
    HOLDFAST_CHECK(
        read_one(table, Trigger::novel_audience, rules.novel_audience, read_novel_audience));
    HOLDFAST_CHECK(
        read_one<Reaction>(table, Trigger::security_event, rules.security_event, read_rule));
    HOLDFAST_CHECK(table.finish());
    return rules;
}

}  // namespace holdfast::policy
