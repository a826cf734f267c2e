// The file with the token's PIN: opened by the supervisor for each keys-pkcs11, read by that alone.
#ifndef HOLDFAST_DAEMON_PIN_FILE_H
#define HOLDFAST_DAEMON_PIN_FILE_H

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "holdfast/descriptor.h"
#include "holdfast/result.h"

namespace holdfast::daemon {

// The longest PIN a worker takes, 255 bytes, and its line feed.
inline constexpr std::size_t max_pin_file = 256;
inline constexpr std::string_view credential_prefix = "credential:";
inline constexpr std::size_t max_credential_name = 255;

// An absolute path, or "credential:NAME" for a file of that name in $CREDENTIALS_DIRECTORY.
Done check_pin_file_setting(std::string_view setting);

// A regular file of 1 to max_pin_file bytes that belongs to root, to the keys worker's user or to
// this process's, closed to its group and others; never through a symbolic link. Where a PIN is
// kept, no guess is better than none: everything else is denied or not_found, with the path.
Result<Descriptor> open_pin_file(const std::string& setting, std::optional<uid_t> keys_user);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_PIN_FILE_H
