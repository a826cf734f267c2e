#include "daemon/pin_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace holdfast::daemon {
namespace {

bool is_credential_name(std::string_view name) {
    return !name.empty() && name.size() <= max_credential_name &&
           name.find('/') == std::string_view::npos && name != "." && name != "..";
}

Result<std::string> path_of(std::string_view setting) {
    HOLDFAST_CHECK(check_pin_file_setting(setting));
    if (!setting.starts_with(credential_prefix)) return std::string(setting);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
    const char* folder = ::getenv("CREDENTIALS_DIRECTORY");
    if (folder == nullptr || *folder != '/')
        return Error(Code::not_found, "the unit has no credentials: LoadCredential= is missing");
    return std::string(folder) + "/" + std::string(setting.substr(credential_prefix.size()));
}

Done check_facts(int file, std::optional<uid_t> keys_user) {
    struct stat facts{};
    if (::fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode))
        return Error(Code::denied, "is no regular file");
    if (facts.st_uid != 0 && facts.st_uid != keys_user && facts.st_uid != ::geteuid())
        return Error(Code::denied, "must belong to root or to the user of the keys worker");
    if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return Error(Code::denied, "is open to its group or to others: chmod 0600");
    if (facts.st_size < 1 || static_cast<std::size_t>(facts.st_size) > max_pin_file)
        return Error(Code::denied, "must hold 1 to 256 bytes");
    return done();
}

}  // namespace

Done check_pin_file_setting(std::string_view setting) {
    if (setting.starts_with('/')) return done();
    const bool is_credential = setting.starts_with(credential_prefix);
    if (is_credential && is_credential_name(setting.substr(credential_prefix.size())))
        return done();
    return Error(Code::invalid, "must be an absolute path or credential:NAME");
}

Result<Descriptor> open_pin_file(const std::string& setting, std::optional<uid_t> keys_user) {
    auto path = path_of(setting);
    if (!path) return std::move(path).error().within("PIN file");
    // Whatever is no file must not make us wait.
    constexpr int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
    Descriptor file(::open(path->c_str(), flags));
    if (!file)
        return Error(Code::not_found, std::generic_category().message(errno))
            .within("PIN file " + *path);
    auto checked = check_facts(file.get(), keys_user);
    if (!checked) return std::move(checked).error().within("PIN file " + *path);
    return file;
}

}  // namespace holdfast::daemon
