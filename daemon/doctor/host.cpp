#include "daemon/doctor/host.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include "daemon/accounts.h"
#include "daemon/supervisor_state.h"

namespace holdfast::daemon {
namespace {

constexpr const char* as_root = "run it as root: sudo holdfast doctor";

std::string parent_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

// Nothing there is an errno of ENOENT.
std::optional<struct stat> facts_of(const std::string& path) {
    struct stat facts{};
    if (::lstat(path.c_str(), &facts) != 0) return std::nullopt;
    return facts;
}

void missing(const std::string& part, const std::string& path, Findings& findings) {
    const int cause = errno;
    if (cause == EACCES)
        return findings.unseen(part, path + " may not be looked at by this user", as_root);
    if (cause != ENOENT)
        return findings.wrong(part, path + ": " + std::generic_category().message(cause),
                              "mend what the system says");
    if (facts_of(parent_of(path)))
        return findings.good(part, path + " is made when the daemon starts");
    findings.wrong(part, path + " is not there, nor the folder it belongs in",
                   "make " + parent_of(path) + ", or name another place in [paths]");
}

// In keys/ lies what only the keys worker's user may read.
void look_at_keys(const Settings& settings, uid_t owner, Findings& findings) {
    const std::string path = settings.state_dir + "/keys";
    const auto facts = facts_of(path);
    if (!facts) return missing("keys", path, findings);
    if (facts->st_uid != owner)
        return findings.wrong("keys",
                              path + " belongs to uid " + std::to_string(facts->st_uid) +
                                  " and should belong to uid " + std::to_string(owner),
                              "chown it to the user of users.keys");
    if (!S_ISDIR(facts->st_mode) || (facts->st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return findings.wrong("keys", path + " must be a folder closed to group and others",
                              "chmod 0700 " + path);
    findings.good("keys", path + " belongs to the keys worker alone");
}

void look_at_state(const Settings& settings, Findings& findings) {
    const auto facts = facts_of(settings.state_dir);
    if (!facts) return missing("state", settings.state_dir, findings);
    const uid_t owner = settings.dev ? ::geteuid() : 0;
    if (!S_ISDIR(facts->st_mode) || facts->st_uid != owner)
        return findings.wrong("state",
                              settings.state_dir + " must be a folder of uid " +
                                  std::to_string(owner) + " (it belongs to " +
                                  std::to_string(facts->st_uid) + ")",
                              "chown it, or name another place: [paths] state");
    findings.good("state", settings.state_dir);
    if (settings.dev) return look_at_keys(settings, owner, findings);
    const auto keys = account_of(settings.user_keys);
    if (keys) look_at_keys(settings, keys->uid, findings);
}

void look_at_agents(const Settings& settings, Findings& findings) {
    const auto facts = facts_of(settings.agents_dir);
    if (facts && S_ISDIR(facts->st_mode)) return findings.good("agents", settings.agents_dir);
    if (facts || !settings.dev)
        return findings.wrong("agents", settings.agents_dir + " is not a folder",
                              "make it: holdfast apply reads agent files there");
    missing("agents", settings.agents_dir, findings);
}

std::vector<std::string> programs_of(const Settings& settings) {
    std::vector<std::string> programs{"holdfast-front", "holdfast-measurer"};
    if (settings.has_tpm()) programs.emplace_back("holdfast-keys-tpm");
    if (settings.has_pkcs11()) programs.emplace_back("holdfast-keys-pkcs11");
    if (settings.dev) return programs;
    programs.emplace_back("holdfast-launcher");
    programs.emplace_back("holdfast-importer");
    return programs;
}

}  // namespace

void look_at_users(const Settings& settings, Findings& findings) {
    if (settings.dev)
        return findings.note("users", "one user for all (--dev): nothing is separated");
    const char* remedy = "systemd-sysusers makes what sysusers.d/holdfast.conf names";
    const auto accounts = accounts_of(settings);
    if (!accounts) return findings.wrong("users", accounts.error().text(), remedy);
    const auto group = group_of(settings.admin_group);
    if (!group) return findings.wrong("users", group.error().text(), remedy);
    findings.good("users", settings.user_front + ", " + settings.user_keys + ", " +
                               settings.user_measurer + ", group " + settings.admin_group);
}

void look_at_programs(const Settings& settings, Findings& findings) {
    bool all_there = true;
    for (const auto& program : programs_of(settings)) {
        const std::string path = settings.libexec_dir + "/" + program;
        if (::access(path.c_str(), X_OK) == 0) continue;
        all_there = false;
        findings.wrong("programs", path + " is not there, or not executable",
                       "install all of Holdfast in one place, or mend [paths] libexec");
    }
    if (all_there) findings.good("programs", settings.libexec_dir);
}

void look_at_folders(const Settings& settings, Findings& findings) {
    look_at_state(settings, findings);
    look_at_agents(settings, findings);
}

std::optional<pid_t> running_daemon(const Settings& settings) {
    std::ifstream file(settings.state_dir + "/holdfastd.pid");
    pid_t pid = 0;
    if (!(file >> pid) || pid <= 0) return std::nullopt;
    std::ifstream name("/proc/" + std::to_string(pid) + "/comm");
    std::string text;
    if (!std::getline(name, text) || text != "holdfastd") return std::nullopt;
    return pid;
}

}  // namespace holdfast::daemon
