// May this principal do this to that? Cedar's answer to one request, and Holdfast's.
#ifndef HOLDFAST_POLICY_CEDAR_EVALUATE_H
#define HOLDFAST_POLICY_CEDAR_EVALUATE_H

#include <map>
#include <string>
#include <vector>

#include "policy/cedar/ast.h"

namespace holdfast::policy::cedar {

struct Entity {
    Record attributes;
    std::vector<EntityUid> ancestors;  // all of them: what it is in, and what those are in
};
using Entities = std::map<EntityUid, Entity>;

struct Request {
    EntityUid principal, action, resource;
    Value context;      // a record
    Entities entities;  // those without an entry are in nothing and have no attributes
};

enum class Decision : std::uint8_t { permit, deny };

struct Failure {
    const Policy* policy;
    std::string text;  // "FILE:LINE:COLUMN: what"
};

// Cedar's own: the default is deny, forbid wins, a policy that fails is left out. Pointers are into
// the set that was asked.
struct Answer {
    Decision decision = Decision::deny;
    std::vector<const Policy*> determining;  // in the order of the set; none: denied by default
    std::vector<Failure> failures;
};

// docs.cedarpolicy.com/auth/authorization.html
Answer authorize(const PolicySet& set, const Request& request);

// Holdfast's: as Cedar's, but a forbid that fails denies, and is one of the rules that decided.
struct Verdict {
    Decision decision = Decision::deny;
    std::vector<const Policy*> rules;  // none: denied by default
};
Verdict verdict_of(const Answer& answer);

}  // namespace holdfast::policy::cedar

#endif  // HOLDFAST_POLICY_CEDAR_EVALUATE_H
