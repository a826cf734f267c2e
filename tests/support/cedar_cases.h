// Cases that another implementation of Cedar can answer too: policies, entities and requests in
// the JSON of Cedar's own tools, a case a line.
#ifndef HOLDFAST_TESTS_SUPPORT_CEDAR_CASES_H
#define HOLDFAST_TESTS_SUPPORT_CEDAR_CASES_H

#include <string>
#include <string_view>
#include <vector>

#include "core/encode/json.h"
#include "policy/cedar/evaluate.h"

namespace holdfast::cedar_test {

namespace cedar = policy::cedar;

// {"policies": [{"id", "text"}], "entities": [{"uid", "attrs", "parents"}],
//  "requests": [{"principal", "action", "resource", "context", "answer"?}]}
// docs.cedarpolicy.com/auth/entities-syntax.html; parents are all ancestors. An answer is
// {"decision": "allow" | "deny", "reason": [ids], "errors": [ids]}, ids in order.
struct Case {
    cedar::PolicySet policies;
    std::vector<cedar::Request> requests;
    std::vector<encode::Json> answers;  // null where none is given
};

inline constexpr std::size_t max_case = 8UL * 1024 * 1024;  // bytes of a line

// invalid: not in the subset, as for extension values.
Result<Case> parse_case(std::string_view line);
encode::Json answer_json(const cedar::Answer& answer);
// What another implementation reads: entities as {"__entity": {"type", "id"}}.
encode::Json value_json(const cedar::Value& value);
encode::Json uid_json(const cedar::EntityUid& uid);
encode::Json entities_json(const cedar::Entities& entities);

}  // namespace holdfast::cedar_test

#endif  // HOLDFAST_TESTS_SUPPORT_CEDAR_CASES_H
