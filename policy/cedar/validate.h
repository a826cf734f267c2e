// Do these policies speak of what there is? Checks them against the schema, before any request.
#ifndef HOLDFAST_POLICY_CEDAR_VALIDATE_H
#define HOLDFAST_POLICY_CEDAR_VALIDATE_H

#include <string>
#include <vector>

#include "policy/cedar/ast.h"

namespace holdfast::policy::cedar {

struct Finding {
    std::string file;
    Position at;
    std::string text;

    std::string line() const { return located(file, at, text); }
};

// All there are, in the order of the text; none: the policies fail on nothing but numbers that
// overflow, and on what the members of context.params turn out to be.
std::vector<Finding> validate(const PolicySet& set);

}  // namespace holdfast::policy::cedar

#endif  // HOLDFAST_POLICY_CEDAR_VALIDATE_H
