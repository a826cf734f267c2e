#include "policy/cases.h"

#include <algorithm>

namespace holdfast::policy {
namespace {

std::string what_was_decided(const Decision& decision) {
    if (decision.permitted) return "permitted by " + rules_in_words(decision.rules);
    if (decision.rules.empty()) return "denied by default";
    return "denied by " + rules_in_words(decision.rules);
}

bool are_the_same(std::vector<std::string> one, std::vector<std::string> other) {
    std::ranges::sort(one);
    std::ranges::sort(other);
    return one == other;
}

}  // namespace

std::string rules_in_words(const std::vector<std::string>& rules) {
    std::string text;
    for (const std::string& rule : rules)
        text += (text.empty() ? "" : ", ") + rule;
    return text.empty() ? "default deny" : text;
}

std::vector<std::string> differences(const Expected& expected, const Result<Decision>& decided) {
    if (!decided) return {"cannot be decided: " + decided.error().text()};
    std::vector<std::string> all;
    if (decided->permitted != expected.permit)
        all.push_back(std::string("expected ") + (expected.permit ? "permit" : "deny") + ", is " +
                      what_was_decided(*decided));
    if (expected.rules && !are_the_same(*expected.rules, decided->rules))
        all.push_back("expected by " + rules_in_words(*expected.rules) + ", is by " +
                      rules_in_words(decided->rules));
    if (expected.approvals && *expected.approvals != decided->demand.approvals)
        all.push_back("expected " + std::to_string(*expected.approvals) + " approvals, asks for " +
                      std::to_string(decided->demand.approvals));
    return all;
}

}  // namespace holdfast::policy
