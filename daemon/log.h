// One line per event on standard error, with the journal's priority prefix when it reads them.
#ifndef HOLDFAST_DAEMON_LOG_H
#define HOLDFAST_DAEMON_LOG_H

#include <string_view>

namespace holdfast::daemon {

// Set once in main: "front", "keys-tpm". Control characters in texts are escaped.
void log_as(std::string_view process);
void log_info(std::string_view text);
void log_warning(std::string_view text);
void log_error(std::string_view text);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LOG_H
