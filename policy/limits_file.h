// [[limit]] tables of an agent file.
#ifndef HOLDFAST_POLICY_LIMITS_FILE_H
#define HOLDFAST_POLICY_LIMITS_FILE_H

#include <vector>

#include "policy/limit.h"
#include "policy/toml_table.h"

namespace holdfast::policy {

// Errors are Code::invalid, "NAME.toml:LINE: limit.key: …". Also refused: two limits of one name,
// and two that count the same.
Result<std::vector<Limit>> read_limits(TomlTable& root);

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_LIMITS_FILE_H
