// What the process's own texts in /proc say against it: loader variables, other uids.
#ifndef HOLDFAST_ATTEST_MEASURE_ENVIRONMENT_H
#define HOLDFAST_ATTEST_MEASURE_ENVIRONMENT_H

#include <sys/types.h>

#include <array>
#include <string_view>

#include "holdfast/result.h"

namespace holdfast::attest {

// Make ld.so (8) load or audit with other code than the executable names.
inline constexpr std::array<std::string_view, 3> loader_variables = {"LD_PRELOAD", "LD_AUDIT",
                                                                     "LD_LIBRARY_PATH"};

// The text of /proc/PID/environ. Set but empty is harmless. denied, loader_environment. What the
// process wrote there after its start cannot be told apart: `observed`, no more.
Done check_loader_environment(std::string_view environment);

// The text of /proc/PID/status: real, effective, saved and file system uid. denied, uid_changed.
Done check_uids(std::string_view status, uid_t uid);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_MEASURE_ENVIRONMENT_H
