#include "policy/cedar/evaluate.h"

#include <algorithm>

#include "policy/cedar/evaluator.h"

namespace holdfast::policy::cedar {
namespace {

// As in Cedar the conditions are one chain of &&: a false one hides what would fail behind it.
Result<bool> applies(const Policy& policy, const Evaluator& evaluator) {
    if (!evaluator.is_in_scope(policy)) return false;
    for (const Condition& condition : policy.conditions) {
        HOLDFAST_TRY(holds, evaluator.truth(condition.body));
        if (holds != condition.is_when) return false;
    }
    return true;
}

}  // namespace

Answer authorize(const PolicySet& set, const Request& request) {
    const Evaluator evaluator(request);
    std::vector<const Policy*> permits;
    std::vector<const Policy*> forbids;
    Answer answer;
    for (const Policy& policy : set.policies) {
        const auto found = applies(policy, evaluator);
        if (!found)
            answer.failures.push_back(
                {&policy, in_one_line(policy.file + ":" + found.error().text())});
        else if (*found)
            (policy.effect == Effect::permit ? permits : forbids).push_back(&policy);
    }
    const bool is_permitted = forbids.empty() && !permits.empty();
    answer.decision = is_permitted ? Decision::permit : Decision::deny;
    answer.determining = is_permitted ? std::move(permits) : std::move(forbids);
    return answer;
}

Verdict verdict_of(const Answer& answer) {
    Verdict verdict{Decision::deny, {}};
    for (const Failure& failure : answer.failures)
        if (failure.policy->effect == Effect::forbid) verdict.rules.push_back(failure.policy);
    if (verdict.rules.empty()) return {answer.decision, answer.determining};
    if (answer.decision == Decision::deny)
        verdict.rules.insert(verdict.rules.begin(), answer.determining.begin(),
                             answer.determining.end());
    return verdict;
}

}  // namespace holdfast::policy::cedar
