#include "daemon/accounts.h"

#include <grp.h>
#include <pwd.h>

namespace holdfast::daemon {
namespace {

constexpr std::size_t name_service_buffer = 64UL * 1024;
constexpr int max_groups = 256;

}  // namespace

Result<Account> account_of(const std::string& user) {
    std::vector<char> buffer(name_service_buffer);
    struct passwd entry{};
    struct passwd* found = nullptr;
    const int error = ::getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (error != 0 || found == nullptr)
        return Error(Code::not_found, "no user " + user + " (systemd-sysusers makes it)");
    Account account{entry.pw_uid, entry.pw_gid, std::vector<gid_t>(max_groups)};
    if (account.uid == 0) return Error(Code::invalid, "user " + user + " is root");
    int count = max_groups;
    if (::getgrouplist(user.c_str(), account.gid, account.groups.data(), &count) < 0)
        return Error(Code::invalid, "user " + user + " is in too many groups");
    account.groups.resize(static_cast<std::size_t>(count));
    return account;
}

Result<gid_t> group_of(const std::string& group) {
    std::vector<char> buffer(name_service_buffer);
    struct group entry{};
    struct group* found = nullptr;
    const int error = ::getgrnam_r(group.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (error != 0 || found == nullptr)
        return Error(Code::not_found, "no group " + group + " (systemd-sysusers makes it)");
    return entry.gr_gid;
}

}  // namespace holdfast::daemon
