#include "daemon/supervisor_state.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace holdfast::daemon {
namespace {

constexpr mode_t private_mode = 0700;
constexpr mode_t shared_mode = 01771;
constexpr mode_t public_mode = 0755;

Error failed(const std::string& step) {
    return Error(Code::unavailable, step + ": " + std::generic_category().message(errno));
}

// Made by us, with this mode and owner, or found and left as it is.
Result<Descriptor> open_folder(int parent, const std::string& name, mode_t mode,
                               const std::optional<Account>& owner) {
    const bool made = ::mkdirat(parent, name.c_str(), private_mode) == 0;
    if (!made && errno != EEXIST) return failed(name);
    Descriptor folder(
        ::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder) return failed(name);
    if (!made) return folder;
    if (::fchmod(folder.get(), mode) != 0) return failed(name);
    if (owner && ::fchown(folder.get(), owner->uid, owner->gid) != 0) return failed(name);
    return folder;
}

Done check_owner(int folder, const std::string& name, uid_t owner) {
    struct stat facts{};
    if (::fstat(folder, &facts) != 0) return failed(name);
    if (facts.st_uid == owner) return done();
    return Error(Code::denied, name + ": belongs to uid " + std::to_string(facts.st_uid) +
                                   " and should belong to uid " + std::to_string(owner));
}

// Without leave to search, its owner aside: opened as a path only, its facts are enough.
Done prepare_keys(int state, const std::optional<Account>& keys) {
    const bool made = ::mkdirat(state, "keys", private_mode) == 0;
    if (!made && errno != EEXIST) return failed("keys");
    const Descriptor folder(::openat(state, "keys", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder) return failed("keys");
    if (made && keys && ::fchownat(folder.get(), "", keys->uid, keys->gid, AT_EMPTY_PATH) != 0)
        return failed("keys");
    struct stat facts{};
    if (::fstat(folder.get(), &facts) != 0) return failed("keys");
    if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return Error(Code::denied, "keys: must be closed to its group and others (mode 0700)");
    return check_owner(folder.get(), "keys", keys ? keys->uid : ::geteuid());
}

Result<Descriptor> lock_state(int state) {
    constexpr int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    Descriptor file(::openat(state, "holdfastd.pid", flags, S_IRUSR | S_IWUSR));
    if (!file) return failed("holdfastd.pid");
    struct stat facts{};
    if (::fstat(file.get(), &facts) != 0) return failed("holdfastd.pid");
    if (!S_ISREG(facts.st_mode) || facts.st_nlink != 1 || facts.st_uid != ::geteuid())
        return Error(Code::denied, "holdfastd.pid: not a file of our own");
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0)
        return Error(Code::conflict, "another holdfastd uses this state directory");
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(file.get(), 0) != 0 ||
        ::pwrite(file.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
        return failed("holdfastd.pid");
    return file;
}

Done share_with_front(int state, const Account& front) {
    HOLDFAST_CHECK(check_owner(state, "the folder", ::geteuid()));
    if (::fchown(state, ::geteuid(), front.gid) != 0) return failed("chown");
    if (::fchmod(state, shared_mode) != 0) return failed("chmod");
    return done();
}

Result<Descriptor> prepare(const Settings& settings, const Accounts& accounts) {
    HOLDFAST_TRY(state, open_folder(AT_FDCWD, settings.state_dir, private_mode, std::nullopt));
    if (accounts.front) HOLDFAST_CHECK(share_with_front(state.get(), *accounts.front));
    HOLDFAST_CHECK(prepare_keys(state.get(), accounts.keys));
    return lock_state(state.get());
}

}  // namespace

Result<Accounts> accounts_of(const Settings& settings) {
    Accounts accounts;
    if (settings.dev) return accounts;
    HOLDFAST_TRY(front, account_of(settings.user_front));
    HOLDFAST_TRY(keys, account_of(settings.user_keys));
    HOLDFAST_TRY(measurer, account_of(settings.user_measurer));
    // Two names may still be one uid, and processes of one uid may ptrace each other.
    if (front.uid == keys.uid || front.uid == measurer.uid || keys.uid == measurer.uid)
        return Error(Code::invalid, "users.front, users.keys and users.measurer share a uid");
    accounts.front = std::move(front);
    accounts.keys = std::move(keys);
    accounts.measurer = std::move(measurer);
    return accounts;
}

Result<Descriptor> prepare_state(const Settings& settings, const Accounts& accounts) {
    if (settings.dev) {
        auto agents = open_folder(AT_FDCWD, settings.agents_dir, public_mode, std::nullopt);
        if (!agents) return std::move(agents).error();
    }
    auto lock = prepare(settings, accounts);
    if (!lock) return std::move(lock).error().within(settings.state_dir);
    return lock;
}

}  // namespace holdfast::daemon
