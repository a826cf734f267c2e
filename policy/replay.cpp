#include "policy/replay.h"

#include <algorithm>
#include <utility>

#include "holdfast/agent_id.h"
#include "policy/cases.h"
#include "policy/known_scopes.h"

namespace holdfast::policy {
namespace {

using encode::Json;

std::string denied_by(const std::vector<std::string>& rules) {
    return rules.empty() ? "denied by default" : "denied by " + rules_in_words(rules);
}

std::string asks_for(const Demand& demand) {
    return "asks for " + std::to_string(demand.approvals) +
           (demand.approvals == 1 ? " approval of " : " approvals of ") + demand.approvers;
}

// Was it approved by as many of those whom these policies would ask?
bool is_met(const Demand& demand, const std::optional<SignedApproval>& approval) {
    if (demand.approvals == 0) return true;
    return approval && approval->document.demand.approvers == demand.approvers &&
           approval->signatures.size() >= demand.approvals;
}

// Containment asks people by their names, policies ask groups.
bool was_asked_by_policy(const std::optional<SignedApproval>& approval) {
    return approval && !approval->document.demand.approvers.empty();
}

// What the decision makes of an action that was signed; empty: it is signed.
std::string change_in(const Decision& decision, const RecordedAction& recorded) {
    if (!decision.permitted) return denied_by(decision.rules);
    if (!is_met(decision.demand, recorded.approval)) return asks_for(decision.demand);
    if (decision.demand.approvals == 0 && was_asked_by_policy(recorded.approval))
        return "asks for no approval";
    return {};
}

// Of many that decide alike, the first are on record.
bool are_on_record(std::vector<std::string> rules, std::vector<std::string> recorded) {
    if (recorded.size() == rules_on_record && rules.size() > rules_on_record)
        rules.resize(rules_on_record);
    std::ranges::sort(rules);
    std::ranges::sort(recorded);
    return rules == recorded;
}

// Of an agent that was known: its files said what it may do before there were policies.
bool is_by_policy(const std::string& reason) noexcept {
    return reason == "action_not_allowed" || reason == "audience_not_allowed" ||
           reason == "forbidden_by_policy";
}

}  // namespace

Done Replay::take(std::string_view type, std::uint64_t sequence, std::int64_t time,
                  const Json::Object& members) {
    if (type == "agent") return take_agent(members);
    if (type == "action") take_action({sequence, time}, members);
    if (type == "refused") take_refusal({sequence, time}, members);
    return done();
}

Done Replay::take_agent(const Json::Object& members) {
    auto agent = recorded_agent(members);
    // Its actions are counted as those of an agent that nothing is known of.
    if (!agent) return done();
    std::string name = agent->name;
    agents_.insert_or_assign(std::move(name), *std::move(agent));
    if (agents_.size() <= max_agents_replayed) return done();
    return Error(Code::invalid, "more than " + std::to_string(max_agents_replayed) + " agents");
}

void Replay::take_action(const At& at, const Json::Object& members) {
    const auto statement = recorded_statement(members);
    if (!statement) return not_replayed("cannot be read");
    const auto id = parse_agent_id(statement->agent);
    if (!id) return not_replayed("cannot be read");
    const auto declared = agents_.find(id->name);
    if (declared == agents_.end()) return not_replayed("no record of their agent before them");
    const auto recorded = recorded_action(members, *statement, declared->second);
    if (recorded) return decide(at, *statement, *recorded);
    not_replayed(recorded.error().reason() == "before_policies"
                     ? "recorded before there were policies"
                     : "cannot be read");
}

void Replay::decide(const At& at, const Statement& statement, const RecordedAction& recorded) {
    const auto decision = policies_->decide(recorded.agent, recorded.situation, statement.action);
    if (!decision) return not_replayed("cannot be decided");
    ++replayed_.actions;
    for (const Observed& observed : decision->observed)
        ++replayed_.by_rule[observed.source.set + " (observed) would deny"];
    compare(at, statement, recorded, *decision);
}

void Replay::compare(const At& at, const Statement& statement, const RecordedAction& recorded,
                     const Decision& decision) {
    std::string would_be = change_in(decision, recorded);
    if (would_be.empty()) {
        ++(are_on_record(decision.rules, recorded.rules) ? replayed_.same : replayed_.other_rules);
        return;
    }
    ++replayed_.changed;
    if (decision.permitted || decision.rules.empty()) ++replayed_.by_rule[would_be];
    // Several rules may forbid the same.
    if (!decision.permitted)
        for (const std::string& rule : decision.rules)
            ++replayed_.by_rule["denied by " + rule];
    change(at, recorded.agent.name, statement.action, rules_in_words(recorded.rules),
           std::move(would_be));
}

void Replay::take_refusal(const At& at, const Json::Object& members) {
    const auto refusal = recorded_refusal(members);
    if (!refusal) {
        ++replayed_.undecided;
        return;
    }
    if (refusal->reason == "over_budget")
        replayed_.refused_summed += refusal->count;
    else if (refusal->operation == "action" && is_by_policy(refusal->reason))
        judge(at, *refusal);
    else
        ++replayed_.refused_besides;
}

void Replay::judge(const At& at, const RecordedRefusal& refusal) {
    const auto agent = agents_.find(refusal.agent);
    Known known = Known::open;
    if (agent != agents_.end()) {
        const auto found = known_of(*policies_, agent->second, refusal.action);
        known = found ? *found : Known::open;
    }
    if (known == Known::open) ++replayed_.undecided;
    if (known == Known::denied) ++replayed_.still_denied;
    if (known != Known::permitted) return;
    ++replayed_.now_permitted;
    change(at, refusal.agent, refusal.action, denied_by(refusal.rules), "permitted");
}

void Replay::change(const At& at, const std::string& agent, const Action& action, std::string was,
                    std::string would_be) {
    if (replayed_.changes.size() == max_changes_listed) return;
    replayed_.changes.push_back({at.sequence, at.time, agent, action.action, action.audience,
                                 std::move(was), std::move(would_be)});
}

}  // namespace holdfast::policy
