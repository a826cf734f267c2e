// The INI grammar of holdfastd.conf: text in, key → value and line out. Knows no setting's meaning.
#ifndef HOLDFAST_DAEMON_CONFIG_TEXT_H
#define HOLDFAST_DAEMON_CONFIG_TEXT_H

#include <map>
#include <string>
#include <vector>

#include "holdfast/result.h"

namespace holdfast::daemon {

struct ConfigValue {
    std::string value;
    std::string origin;  // "/etc/holdfast/holdfastd.conf:12"
};
using ConfigValues = std::map<std::string, ConfigValue>;

// Every key must be one of `known` and stand there once. Errors are Code::invalid and begin with
// "<source>:<line>: ".
Result<ConfigValues> parse_config_text(const std::string& text, const std::string& source,
                                       const std::vector<std::string>& known);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_CONFIG_TEXT_H
