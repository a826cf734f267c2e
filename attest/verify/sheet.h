// Sheet: the list of rules of one appraisal, each not run until something was compared.
#ifndef HOLDFAST_ATTEST_VERIFY_SHEET_H
#define HOLDFAST_ATTEST_VERIFY_SHEET_H

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/result.h"
#include "holdfast/verifier.h"

namespace holdfast::attest {

// When a rule must have passed for the whole to be accepted. A failed rule always rejects.
enum class Need : std::uint8_t {
    always,      // in every profile
    production,  // in production only
    never,       // an extra that may stay not run
};

struct RuleRow {
    const char* id;
    Need need;
};

class Sheet {
  public:
    // Every rule is on the sheet from the start, so none can pass by being forgotten.
    Sheet(std::initializer_list<std::span<const RuleRow>> lists, Profile profile);

    // Once failed, a rule stays failed. Each returns whether the rule now stands as passed.
    bool check(std::string_view id, bool holds, std::string_view what);
    bool check(std::string_view id, const Done& outcome, std::string_view what);
    bool fail(std::string_view id, std::string_view why);

    // Says why the rule could not be run; changes nothing if it was run already.
    void skip(std::string_view id, std::string_view why);
    void skip_all(std::string_view prefix, std::string_view why);

    // The caller, or the thing examined, made this rule necessary or void.
    void require(std::string_view id);
    void waive_all(std::string_view prefix, std::string_view why);

    bool passed(std::string_view id) const;
    Appraisal& appraisal() noexcept { return appraisal_; }

  private:
    Rule& find(std::string_view id);
    bool set(std::string_view id, Outcome outcome, std::string detail);

    Appraisal appraisal_;
};

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_VERIFY_SHEET_H
