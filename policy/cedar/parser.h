// Reads a file of policies: the subset of Cedar that docs/policies.md describes, and nothing
// beyond.
#ifndef HOLDFAST_POLICY_CEDAR_PARSER_H
#define HOLDFAST_POLICY_CEDAR_PARSER_H

#include <string_view>

#include "policy/cedar/ast.h"

namespace holdfast::policy::cedar {

// Grammar: docs.cedarpolicy.com/policies/syntax-grammar.html. invalid, "FILE:LINE:COLUMN: what":
// the first thing that is not in the subset or past a limit of limits.h. Every policy has its own
// @id. A file without any policy is an empty set.
Result<PolicySet> parse(std::string_view file, std::string_view text);

}  // namespace holdfast::policy::cedar

#endif  // HOLDFAST_POLICY_CEDAR_PARSER_H
