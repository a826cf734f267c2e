#include "attest/verify/sheet.h"

#include <algorithm>
#include <cassert>

namespace holdfast::attest {

bool Appraisal::accepted() const noexcept {
    return !rules.empty() && std::ranges::all_of(rules, [](const Rule& rule) {
        if (rule.outcome == Outcome::fail) return false;
        return rule.outcome == Outcome::pass || !rule.required;
    });
}

Sheet::Sheet(std::initializer_list<std::span<const RuleRow>> lists, Profile profile) {
    for (const auto& list : lists) {
        for (const RuleRow& row : list) {
            const bool required = row.need == Need::always ||
                                  (row.need == Need::production && profile == Profile::production);
            appraisal_.rules.push_back(Rule{.id = row.id,
                                            .outcome = Outcome::not_run,
                                            .required = required,
                                            .detail = "not reached"});
        }
    }
}

Rule& Sheet::find(std::string_view id) {
    const auto found = std::ranges::find(appraisal_.rules, id, &Rule::id);
    assert(found != appraisal_.rules.end());
    return *found;
}

bool Sheet::set(std::string_view id, Outcome outcome, std::string detail) {
    Rule& rule = find(id);
    if (rule.outcome == Outcome::fail) return false;
    rule.outcome = outcome;
    rule.detail = std::move(detail);
    return outcome == Outcome::pass;
}

bool Sheet::check(std::string_view id, bool holds, std::string_view what) {
    return set(id, holds ? Outcome::pass : Outcome::fail, std::string(what));
}

bool Sheet::check(std::string_view id, const Done& outcome, std::string_view what) {
    if (!outcome) return fail(id, outcome.error().text());
    return check(id, true, what);
}

bool Sheet::fail(std::string_view id, std::string_view why) {
    return set(id, Outcome::fail, std::string(why));
}

void Sheet::skip(std::string_view id, std::string_view why) {
    Rule& rule = find(id);
    if (rule.outcome == Outcome::not_run) rule.detail = why;
}

void Sheet::skip_all(std::string_view prefix, std::string_view why) {
    for (Rule& rule : appraisal_.rules) {
        if (rule.id.starts_with(prefix)) skip(rule.id, why);
    }
}

void Sheet::require(std::string_view id) {
    find(id).required = true;
}

void Sheet::waive_all(std::string_view prefix, std::string_view why) {
    for (Rule& rule : appraisal_.rules) {
        if (!rule.id.starts_with(prefix)) continue;
        rule.required = false;
        skip(rule.id, why);
    }
}

bool Sheet::passed(std::string_view id) const {
    const auto found = std::ranges::find(appraisal_.rules, id, &Rule::id);
    return found != appraisal_.rules.end() && found->outcome == Outcome::pass;
}

}  // namespace holdfast::attest
