// Accounts: users and groups of this host by name.
#ifndef HOLDFAST_DAEMON_ACCOUNTS_H
#define HOLDFAST_DAEMON_ACCOUNTS_H

#include <sys/types.h>

#include <string>
#include <vector>

#include "holdfast/result.h"

namespace holdfast::daemon {

struct Account {
    uid_t uid;
    gid_t gid;
    std::vector<gid_t> groups;  // supplementary: membership of tss opens /dev/tpmrm0
};
Result<Account> account_of(const std::string& user);
Result<gid_t> group_of(const std::string& group);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_ACCOUNTS_H
