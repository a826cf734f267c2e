// The files settings come from: which they are, and that nobody but their owner may write them.
#ifndef HOLDFAST_DAEMON_CONFIG_FILES_H
#define HOLDFAST_DAEMON_CONFIG_FILES_H

#include <string>
#include <vector>

#include "holdfast/result.h"

namespace holdfast::daemon {

// FILE, then FILE.d/*.conf by name.
Result<std::vector<std::string>> config_files(const std::string& path);

// A regular file of root or of ourselves that neither its group nor others may write.
Result<std::string> read_config_file(const std::string& path);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_CONFIG_FILES_H
