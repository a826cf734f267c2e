// Reading appraisals in tests: which rules failed, which never ran.
#ifndef HOLDFAST_TESTS_SUPPORT_APPRAISAL_H
#define HOLDFAST_TESTS_SUPPORT_APPRAISAL_H

#include <set>
#include <string>

#include "holdfast/verifier.h"

namespace holdfast::tests {

inline std::set<std::string> rules_with(const attest::Appraisal& appraisal,
                                        attest::Outcome outcome) {
    std::set<std::string> out;
    for (const auto& rule : appraisal.rules) {
        if (rule.outcome == outcome) out.insert(rule.id);
    }
    return out;
}

inline std::set<std::string> failed(const attest::Appraisal& appraisal) {
    return rules_with(appraisal, attest::Outcome::fail);
}

inline std::set<std::string> not_run(const attest::Appraisal& appraisal) {
    return rules_with(appraisal, attest::Outcome::not_run);
}

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_APPRAISAL_H
