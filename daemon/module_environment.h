// What a PKCS#11 module finds in its environment: [pkcs11] environment, and nothing else.
#ifndef HOLDFAST_DAEMON_MODULE_ENVIRONMENT_H
#define HOLDFAST_DAEMON_MODULE_ENVIRONMENT_H

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "holdfast/result.h"

namespace holdfast::daemon {

inline constexpr std::size_t max_module_variables = 32;

using Variable = std::pair<std::string, std::string>;

// "NAME=VALUE" separated by spaces. invalid: a name that is not [A-Z_][A-Z0-9_]*, one of the
// dynamic loader's (LD_…), one twice, no value, or too many.
Result<std::vector<Variable>> parse_module_environment(std::string_view words);

// For this process, before the module is loaded and before it has a second thread.
Done set_module_environment(std::string_view words);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_MODULE_ENVIRONMENT_H
