#include "policy/policies.h"

#include <charconv>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "policy/cedar/limits.h"

namespace holdfast::policy {
namespace {

Source source_of(const PolicySet& set) {
    return {set.name, set.version, set.author};
}

std::optional<unsigned> number_in(std::string_view text) noexcept {
    unsigned number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

// Who reads "payments:no-refunds-at-night" looks for one rule: ids are unique in all files.
class Rules {
  public:
    Done add(const cedar::PolicySet& set) {
        for (const cedar::Policy& rule : set.policies) {
            if (++count_ > cedar::max_policies)
                return wrong(rule, "more than " + std::to_string(cedar::max_policies) +
                                       " policies in all files");
            if (!ids_.insert(rule.id).second)
                return wrong(rule, "@id(\"" + rule.id + "\") names another policy already");
        }
        return done();
    }

  private:
    static Error wrong(const cedar::Policy& rule, const std::string& what) {
        return {Code::invalid, cedar::located(rule.file, rule.at, what)};
    }

    std::size_t count_ = 0;
    std::unordered_set<std::string_view> ids_;
};

bool can_permit(const PolicySet& set, const AgentFile& agent) noexcept {
    return set.may_permit &&
           (set.author.empty() || set.author == agent.accountability.policy_author);
}

std::vector<std::string> names_of(const PolicySet& set, const cedar::Verdict& verdict) {
    std::vector<std::string> names;
    names.reserve(verdict.rules.size());
    for (const cedar::Policy* rule : verdict.rules)
        names.push_back(set.name + ":" + rule->id);
    return names;
}

// Gathers the sets' verdicts: one forbid, and permits no longer count.
class Ruling {
  public:
    void forbid(const PolicySet& set, const cedar::Verdict& verdict) {
        if (!std::exchange(forbidden_, true)) decision_ = {};
        add(set, verdict);
    }
    Done permit(const PolicySet& set, const cedar::Verdict& verdict) {
        if (forbidden_) return done();
        decision_.permitted = true;
        add(set, verdict);
        for (const cedar::Policy* rule : verdict.rules) {
            HOLDFAST_TRY(demand, demand_of(*rule));
            Demand strictest = stricter(decision_.demand, demand);
            decision_.demand = std::move(strictest);
        }
        return done();
    }
    Decision take() { return std::move(decision_); }

  private:
    void add(const PolicySet& set, const cedar::Verdict& verdict) {
        for (std::string& name : names_of(set, verdict))
            decision_.rules.push_back(std::move(name));
        decision_.sources.push_back(source_of(set));
    }

    Decision decision_;
    bool forbidden_ = false;
};

std::vector<Observed> observe(const PolicySets& sets, const cedar::Request& request) {
    std::vector<Observed> observed;
    for (const auto& [name, set] : sets) {
        if (set.mode != Mode::observe) continue;
        const auto verdict = cedar::verdict_of(cedar::authorize(set.rules, request));
        if (verdict.decision == cedar::Decision::permit) continue;
        observed.push_back({source_of(set), names_of(set, verdict)});
    }
    return observed;
}

}  // namespace

Result<Demand> demand_of(const cedar::Policy& rule) {
    const cedar::Annotation* approvals = rule.annotation("approvals");
    const cedar::Annotation* approvers = rule.annotation("approvers");
    if (approvals == nullptr && approvers == nullptr) return Demand();
    const auto wrong = [&rule](std::string_view what) {
        return Error(Code::invalid, cedar::located(rule.file, rule.at, what));
    };
    if (rule.effect == cedar::Effect::forbid)
        return wrong("a forbid demands nothing: @approvals belongs to a permit");
    if (approvals == nullptr || approvers == nullptr)
        return wrong("@approvals and @approvers belong together");
    const auto number = number_in(approvals->value);
    if (!number || *number < 1 || *number > max_approvals)
        return wrong("@approvals must be a number from 1 to " + std::to_string(max_approvals));
    if (!is_group_name(approvers->value)) return wrong("@approvers must be the name of a group");
    return Demand{*number, approvers->value, {}};
}

Result<Policies> Policies::of(PolicySets sets) {
    Rules enforced, observed;
    for (const auto& [name, set] : sets) {
        // A set is tried out beside the one that it will replace: their ids may be the same.
        Rules& rules = set.mode == Mode::enforce ? enforced : observed;
        HOLDFAST_CHECK(rules.add(set.rules));
        for (const cedar::Policy& rule : set.rules.policies)
            HOLDFAST_CHECK(demand_of(rule));
    }
    Policies policies;
    policies.sets_ = std::move(sets);
    return policies;
}

std::vector<Source> Policies::sources_for(const AgentFile& agent) const {
    std::vector<Source> sources;
    for (const auto& [name, set] : sets_)
        if (set.mode == Mode::enforce && can_permit(set, agent)) sources.push_back(source_of(set));
    return sources;
}

Result<Decision> Policies::decide(const AgentFile& agent, const Situation& situation,
                                  const Action& action) const {
    HOLDFAST_TRY(request, request_of(agent, situation, action));
    Ruling ruling;
    for (const auto& [name, set] : sets_) {
        if (set.mode != Mode::enforce) continue;
        const auto verdict = cedar::verdict_of(cedar::authorize(set.rules, request));
        if (verdict.rules.empty()) continue;
        if (verdict.decision == cedar::Decision::deny)
            ruling.forbid(set, verdict);
        else if (can_permit(set, agent))
            HOLDFAST_CHECK(ruling.permit(set, verdict));
    }
    Decision decision = ruling.take();
    decision.observed = observe(sets_, request);
    return decision;
}

}  // namespace holdfast::policy
