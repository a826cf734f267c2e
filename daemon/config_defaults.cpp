#include "daemon/config_defaults.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>

#include "holdfast/register.h"

#ifndef HOLDFAST_LIBEXECDIR
#error "daemon/CMakeLists.txt names the folder the workers are installed in"
#endif

namespace holdfast::daemon {
namespace {

constexpr std::uint32_t default_nv_base = 0x01800100;
// Above what distributions give to people (/etc/subuid) and systemd to containers and services.
constexpr std::int64_t default_first_uid = 2'100'000'000;
constexpr std::int64_t default_uids = 10'000;

std::string machine_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return "";
    std::string label(name.data(), std::strcspn(name.data(), "."));
    std::transform(label.begin(), label.end(), label.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return label;
}

}  // namespace

Settings default_settings() {
    Settings settings;
    settings.host_name = machine_name();
    settings.host_domain = "local.internal";
    settings.host_keys = "tpm";
    settings.state_dir = "/var/lib/holdfast";
    settings.agents_dir = "/etc/holdfast/agents.d";
    settings.policies_dir = "/etc/holdfast/policies.d";
    settings.operators_file = "/etc/holdfast/operators.toml";
    settings.log_dir = "/var/log/holdfast";
    settings.launch_first_uid = default_first_uid;
    settings.launch_uids = default_uids;
    settings.store_recheck_s = 60;
    settings.anchor_interval_s = 3600;
    settings.agent_socket = "/run/holdfast/agent.sock";
    settings.admin_socket = "/run/holdfast/admin.sock";
    settings.admin_group = "holdfast-admin";
    settings.tpm_nv_base = default_nv_base;
    settings.register_anchor_pcr = default_anchor_pcr;
    settings.user_front = "holdfast";
    settings.user_keys = "holdfast-keys";
    settings.user_measurer = "holdfast-measure";
    settings.libexec_dir = HOLDFAST_LIBEXECDIR;
    settings.max_connections = 512;
    settings.max_connections_per_uid = 64;
    settings.approvals_expire_s = 900;
    settings.reinstate_by = "another";
    return settings;
}

Settings dev_settings(const std::string& directory) {
    std::error_code error;
    const auto absolute = std::filesystem::absolute(directory, error).lexically_normal();
    const std::string base = error ? directory : absolute.string();
    Settings settings = default_settings();
    settings.dev = true;
    settings.state_dir = base + "/state";
    settings.agents_dir = base + "/agents.d";
    settings.policies_dir = base + "/policies.d";
    settings.policy_unsigned_allowed = true;
    settings.operators_file = base + "/operators.toml";
    settings.store_dir = base + "/store";
    settings.log_dir = base + "/log";
    settings.agent_socket = base + "/agent.sock";
    settings.admin_socket = base + "/admin.sock";
    settings.admin_group.clear();
    settings.tpm_tcti = "swtpm:path=" + base + "/tpm/sock";
    settings.tpm_simulator_allowed = true;
    settings.user_front.clear();
    settings.user_keys.clear();
    settings.user_measurer.clear();
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    // A build tree has all programs in one folder; an installed holdfastd has them in libexec.
    if (!error && std::filesystem::exists(self.parent_path() / "holdfast-front", error))
        settings.libexec_dir = self.parent_path().string();
    return settings;
}

}  // namespace holdfast::daemon
