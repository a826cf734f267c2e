// A policy text is refused with its file, line and column, in one line; or it is checked against
// the schema and answers a request, and what the validator accepts fails only on what it cannot
// know.
#include <algorithm>
#include <string>

#include "policy/cedar/limits.h"
#include "policy/cedar/parser.h"
#include "policy/cedar/validate.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/cedar_request.h"

using namespace holdfast;
using fuzz::promise;
using namespace policy::cedar;

namespace {

bool is_place(std::string_view text) {
    return text.starts_with("f.cedar:") && text.size() > 8 && text[8] >= '1' && text[8] <= '9' &&
           text.find('\n') == std::string_view::npos;
}

void check_policies(const PolicySet& set) {
    promise(set.policies.size() <= max_policies, "there is a limit to policies");
    for (const Policy& policy : set.policies) {
        promise(!policy.id.empty() && policy.id.size() <= max_policy_id, "every policy has an id");
        for (const Condition& condition : policy.conditions)
            promise(condition.body.height <= max_depth, "no expression is too high");
    }
}

// Does it look at what an agent has sent, which no schema knows?
// NOLINTNEXTLINE(misc-no-recursion): no expression is higher than max_depth.
bool reads_params(const Expr& expr) {
    return std::find(expr.names.begin(), expr.names.end(), "params") != expr.names.end() ||
           std::any_of(expr.operands.begin(), expr.operands.end(), reads_params);
}

bool may_fail(const Failure& failure) {
    const auto& conditions = failure.policy->conditions;
    return failure.text.find("overflows") != std::string::npos ||
           std::any_of(conditions.begin(), conditions.end(),
                       [](const Condition& condition) { return reads_params(condition.body); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(text_of({data, size}));
    const auto set = parse("f.cedar", text);
    if (!set) {
        promise(set.error().code() == Code::invalid && is_place(set.error().text()),
                "what is no policy is refused at its place");
        return 0;
    }
    check_policies(*set);
    const auto findings = validate(*set);
    for (const Finding& finding : findings)
        promise(is_place(finding.line()), "a finding names its place");
    static const Request request = cedar_test::request();
    const Answer answer = authorize(*set, request);
    const Verdict verdict = verdict_of(answer);
    for (const Failure& failure : answer.failures) {
        promise(is_place(failure.text), "a failure names its place");
        promise(failure.policy->effect == Effect::permit || verdict.decision == Decision::deny,
                "a forbid that fails denies");
        promise(!findings.empty() || may_fail(failure), "what is valid does not fail");
    }
    promise(verdict.decision == Decision::deny || answer.decision == Decision::permit,
            "Holdfast permits nothing that Cedar denies");
    return 0;
}
