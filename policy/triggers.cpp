#include "policy/triggers.h"

namespace holdfast::policy {
namespace {

using encode::Json;

template <class Rule>
const Reaction* reaction_in(const std::optional<Rule>& rule) noexcept {
    return rule ? &rule->reaction : nullptr;
}
const Reaction* reaction_in(const std::optional<Reaction>& rule) noexcept {
    return rule ? &*rule : nullptr;
}

Json::Object members_of(const Reaction& reaction) {
    Json::Object members;
    members["then"] = reaction.then;
    if (reaction.rate) members["rate"] = *reaction.rate;
    return members;
}

void add(Json::Object& into, Trigger trigger, Json::Object members) {
    into[std::string(to_string(trigger))] = std::move(members);
}

void add(Json::Object& into, Trigger trigger, const std::optional<Burst>& burst) {
    if (!burst) return;
    Json::Object members = members_of(burst->reaction);
    members["count"] = burst->count;
    members["within_s"] = burst->within;
    add(into, trigger, std::move(members));
}

void add(Json::Object& into, Trigger trigger, const std::optional<Threshold>& threshold,
         const char* number) {
    if (!threshold) return;
    Json::Object members = members_of(threshold->reaction);
    members[number] = threshold->number;
    add(into, trigger, std::move(members));
}

void add(Json::Object& into, const std::optional<Canary>& canary) {
    if (!canary) return;
    Json::Object members = members_of(canary->reaction);
    members["actions"] = Json::Array(canary->actions.begin(), canary->actions.end());
    members["key"] = canary->key;
    add(into, Trigger::canary, std::move(members));
}

}  // namespace

std::string_view to_string(Trigger trigger) noexcept {
    switch (trigger) {
        case Trigger::canary: return "canary";
        case Trigger::clock_back: return "clock_back";
        case Trigger::denial_burst: return "denial_burst";
        case Trigger::heartbeat: return "heartbeat";
        case Trigger::limit_exceeded: return "limit_exceeded";
        case Trigger::measurement_drift: return "measurement_drift";
        case Trigger::novel_audience: return "novel_audience";
        case Trigger::security_event: return "security_event";
    }
    return "unknown";
}

const Reaction* reaction_to(const TriggerRules& rules, Trigger trigger) noexcept {
    switch (trigger) {
        case Trigger::canary: return reaction_in(rules.canary);
        case Trigger::clock_back: return reaction_in(rules.clock_back);
        case Trigger::denial_burst: return reaction_in(rules.denial_burst);
        case Trigger::heartbeat: return reaction_in(rules.heartbeat);
        case Trigger::limit_exceeded: return reaction_in(rules.limit_exceeded);
        case Trigger::measurement_drift: return reaction_in(rules.measurement_drift);
        case Trigger::novel_audience: return reaction_in(rules.novel_audience);
        case Trigger::security_event: return reaction_in(rules.security_event);
    }
    return nullptr;
}

Json to_json(const TriggerRules& rules) {
    Json::Object shown;
    add(shown, rules.canary);
    add(shown, Trigger::clock_back, rules.clock_back, "more_than_s");
    add(shown, Trigger::denial_burst, rules.denial_burst);
    add(shown, Trigger::heartbeat, rules.heartbeat, "every_s");
    add(shown, Trigger::limit_exceeded, rules.limit_exceeded);
    if (rules.measurement_drift)
        add(shown, Trigger::measurement_drift, members_of(*rules.measurement_drift));
    add(shown, Trigger::novel_audience, rules.novel_audience, "learn");
    if (rules.security_event)
        add(shown, Trigger::security_event, members_of(*rules.security_event));
    return shown;
}

}  // namespace holdfast::policy
