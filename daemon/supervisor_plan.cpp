#include "daemon/supervisor_plan.h"

#include <string>

#include "daemon/log.h"

namespace holdfast::daemon {
namespace {

// What map_files and another user's /proc/PID/exe ask for.
const std::vector<cap_value_t> measurer_capabilities{CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH,
                                                     CAP_CHECKPOINT_RESTORE};

// To become an agent's user, drop what is left, give it its folder, and end it; its importers read
// entrypoints (0111) again, which their owner may not.
const std::vector<cap_value_t> launcher_capabilities{CAP_SETUID, CAP_SETGID, CAP_SETPCAP,
                                                     CAP_CHOWN,  CAP_KILL,   CAP_DAC_READ_SEARCH};

struct Role {
    std::optional<Account> account;
    const std::vector<cap_value_t>* capabilities = nullptr;  // null: none
};

Role role_of(std::optional<WorkerKind> kind, const Accounts& accounts) {
    if (!kind) return {accounts.front, nullptr};
    switch (*kind) {
        case WorkerKind::keys:
        case WorkerKind::keys_pkcs11: return {accounts.keys, nullptr};
        case WorkerKind::measurer: return {accounts.measurer, &measurer_capabilities};
        case WorkerKind::launcher: break;
    }
    return {Account{0, 0, {}}, &launcher_capabilities};
}

}  // namespace

// With --dev there is one uid for all: nothing could keep an agent apart, so nothing is launched.
std::vector<Post> posts_for(const Settings& settings) {
    std::vector<Post> posts;
    posts.emplace_back("holdfast-front", std::nullopt);
    if (settings.has_tpm()) posts.emplace_back("holdfast-keys-tpm", WorkerKind::keys);
    if (settings.has_pkcs11()) posts.emplace_back("holdfast-keys-pkcs11", WorkerKind::keys_pkcs11);
    posts.emplace_back("holdfast-measurer", WorkerKind::measurer);
    if (!settings.dev) posts.emplace_back("holdfast-launcher", WorkerKind::launcher);
    return posts;
}

ChildPlan plan_for(const Post& post, const Settings& settings, const Accounts& accounts) {
    ChildPlan plan;
    plan.program = settings.libexec_dir + "/" + post.program();
    Role role = role_of(post.kind(), accounts);
    plan.account = std::move(role.account);
    if (role.capabilities == nullptr) return plan;
    plan.capabilities = permitted(*role.capabilities);
    if (plan.account && plan.capabilities.size() != role.capabilities->size())
        log_warning("capabilities for the " + std::string(name_of(*post.kind())) + " are missing");
    return plan;
}

}  // namespace holdfast::daemon
