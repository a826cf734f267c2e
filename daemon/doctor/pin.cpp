#include "daemon/doctor/pin.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string>

#include "daemon/accounts.h"
#include "daemon/pin_file.h"

namespace holdfast::daemon {
namespace {

constexpr const char* part = "PIN file";

bool may_not_be_seen(const std::string& path) {
    return ::access(path.c_str(), R_OK) != 0 && errno == EACCES;
}

bool has_credentials() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
    return ::getenv("CREDENTIALS_DIRECTORY") != nullptr;
}

// As `echo $UNSET` leaves it: the newline is not part of the PIN.
bool is_a_newline(const Descriptor& file) {
    std::array<char, 2> start{};
    return ::pread(file.get(), start.data(), start.size(), 0) == 1 && start[0] == '\n';
}

std::optional<uid_t> keys_user(const Settings& settings) {
    if (settings.dev) return std::nullopt;
    const auto keys = account_of(settings.user_keys);
    return keys ? std::optional(keys->uid) : std::nullopt;
}

}  // namespace

Descriptor look_at_pin_file(const Settings& settings, Findings& findings) {
    const std::string& setting = settings.pkcs11_pin_file;
    if (setting.empty()) return {};
    if (setting.starts_with(credential_prefix) && !has_credentials()) {
        findings.unseen(part, setting + " is there for the unit alone",
                        "start it: holdfast status says whether the token took the PIN");
        return {};
    }
    if (may_not_be_seen(setting)) {
        findings.unseen(part, setting + " may not be looked at by this user",
                        "run it as root: sudo holdfast doctor");
        return {};
    }
    const auto file = open_pin_file(setting, keys_user(settings));
    if (!file || is_a_newline(*file)) {
        findings.wrong(part, file ? setting + ": nothing but a newline" : file.error().text(),
                       "a file with the PIN alone, of root, mode 0600");
        return {};
    }
    findings.good(part, setting);
    const std::string again = "/proc/self/fd/" + std::to_string(file->get());
    return Descriptor(::open(again.c_str(), O_PATH | O_CLOEXEC));
}

}  // namespace holdfast::daemon
