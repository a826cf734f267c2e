// What each value may be: alphabets, lengths, ranges, and what must differ.
#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "daemon/config.h"
#include "daemon/module_environment.h"
#include "daemon/pin_file.h"
#include "holdfast/agent_id.h"
#include "holdfast/register.h"

namespace holdfast::daemon {
namespace {

// NV indices an owner may define; registry of reserved TPM 2.0 handles, 2.2.
constexpr std::uint32_t first_owner_index = 0x01800000;
constexpr std::uint32_t last_nv_base = 0x01BF0000;
constexpr std::int64_t first_launch_uid = 65'536;
constexpr std::int64_t last_launch_uid = 4'294'967'293;
constexpr std::int64_t max_launch_uids = 65'536;
constexpr std::int64_t min_recheck = 5;
constexpr std::int64_t max_recheck = 3600;
constexpr std::int64_t min_approval_time = 60;
constexpr std::int64_t max_approval_time = 86'400;
// Each step is a write to the TPM's flash: at one a minute half a million a year.
constexpr std::int64_t min_anchor_interval = 60;
constexpr std::int64_t max_anchor_interval = std::int64_t{7} * 86'400;
constexpr std::int64_t min_connections = 8;
constexpr std::int64_t max_connections_bound = 65536;

Error wrong(std::string_view name, std::string_view what) {
    return Error(Code::invalid, std::string(name) + ": " + std::string(what));
}

// '#' would be read back as the start of a comment, a line break as another setting.
Done check_texts(const Settings& settings) {
    for (const auto& [name, value] : setting_values(settings)) {
        if (value.size() > max_setting_value) return wrong(name, "too long");
        const bool odd = std::any_of(value.begin(), value.end(), [](char c) {
            return c == '#' || c == '\x7f' || static_cast<unsigned char>(c) < 0x20;
        });
        if (odd) return wrong(name, "must not hold '#' or control characters");
        if (value.starts_with(' ') || value.ends_with(' '))
            return wrong(name, "must not begin or end with a space");
    }
    return done();
}

Done check_path(std::string_view name, const std::string& path) {
    if (!path.starts_with('/')) return wrong(name, "must be an absolute path");
    return done();
}

Done check_socket(std::string_view name, const std::string& path) {
    HOLDFAST_CHECK(check_path(name, path));
    if (path.size() > max_socket_path)
        return wrong(name, "longer than the 107 bytes of a socket's path");
    return done();
}

Done check_paths(const Settings& settings) {
    HOLDFAST_CHECK(check_path("paths.state", settings.state_dir));
    HOLDFAST_CHECK(check_path("paths.agents", settings.agents_dir));
    HOLDFAST_CHECK(check_path("paths.policies", settings.policies_dir));
    HOLDFAST_CHECK(check_path("paths.operators", settings.operators_file));
    HOLDFAST_CHECK(check_path("paths.store", settings.store_dir));
    HOLDFAST_CHECK(check_path("paths.log", settings.log_dir));
    HOLDFAST_CHECK(check_path("paths.libexec", settings.libexec_dir));
    HOLDFAST_CHECK(check_socket("listen.agent_socket", settings.agent_socket));
    HOLDFAST_CHECK(check_socket("listen.admin_socket", settings.admin_socket));
    if (settings.agent_socket == settings.admin_socket)
        return wrong("listen.admin_socket", "must not be the agents' socket");
    for (const auto& [name, path] :
         {std::pair{"paths.crl", &settings.crl_file},
          std::pair{"tpm.owner_auth_file", &settings.tpm_owner_auth_file},
          std::pair{"tpm.endorsement_auth_file", &settings.tpm_endorsement_auth_file},
          std::pair{"tpm.ek_certificate_dir", &settings.tpm_ek_certificate_dir}}) {
        if (!path->empty()) HOLDFAST_CHECK(check_path(name, *path));
    }
    return done();
}

Done check_users(const Settings& settings) {
    if (settings.dev) return done();
    const std::array users{std::pair{"users.front", &settings.user_front},
                           std::pair{"users.keys", &settings.user_keys},
                           std::pair{"users.measurer", &settings.user_measurer}};
    for (const auto& [name, user] : users) {
        if (user->empty()) return wrong(name, "must be set");
        // Processes of one uid may ptrace each other: three users, none of them root.
        if (*user == "root" || *user == "0") return wrong(name, "must not be root");
        for (const auto& [other_name, other] : users) {
            if (other != user && *other == *user)
                return wrong(name, std::string("must differ from ") + other_name);
        }
    }
    if (settings.admin_group.empty()) return wrong("listen.admin_group", "must be set");
    return done();
}

Done check_limits(const Settings& settings) {
    if (settings.max_connections < min_connections ||
        settings.max_connections > max_connections_bound)
        return wrong("limits.connections", "must be 8 to 65536");
    if (settings.max_connections_per_uid < 1 ||
        settings.max_connections_per_uid > settings.max_connections)
        return wrong("limits.connections_per_uid", "must be 1 to limits.connections");
    return done();
}

// Uids of people, of services and 65534 are never given to an agent.
Done check_launch(const Settings& settings) {
    if (settings.launch_first_uid < first_launch_uid || settings.launch_first_uid > last_launch_uid)
        return wrong("launch.first_uid", "must be 65536 to 4294967293");
    if (settings.launch_uids < 1 ||
        settings.launch_uids > last_launch_uid - settings.launch_first_uid + 1 ||
        settings.launch_uids > max_launch_uids)
        return wrong("launch.uids", "must be 1 to 65536, and end below 4294967294");
    if (settings.store_recheck_s < min_recheck || settings.store_recheck_s > max_recheck)
        return wrong("store.recheck_s", "must be 5 to 3600");
    return done();
}

Done check_anchor(const Settings& settings) {
    const std::int64_t interval = settings.anchor_interval_s;
    const std::int64_t least = settings.dev ? 1 : min_anchor_interval;  // no flash to wear
    if (interval != 0 && (interval < least || interval > max_anchor_interval))
        return wrong("anchor.interval_s", "must be 60 to 604800, or 0 for never");
    return done();
}

Done check_tpm(const Settings& settings) {
    if (settings.tpm_tcti.empty())
        return wrong("tpm.tcti", "must be set, e.g. device:/dev/tpmrm0, or none");
    if (settings.tpm_nv_base < first_owner_index || settings.tpm_nv_base > last_nv_base)
        return wrong("tpm.nv_base", "must be 0x1800000 to 0x1bf0000");
    if (settings.register_anchor_pcr < first_anchor_pcr ||
        settings.register_anchor_pcr > last_anchor_pcr)
        return wrong("register.anchor_pcr", "must be 8 to 15");
    return done();
}

Done check_pkcs11(const Settings& settings) {
    if (!settings.has_pkcs11()) return done();
    HOLDFAST_CHECK(check_path("pkcs11.module", settings.pkcs11_module));
    if (!settings.pkcs11_token.starts_with("pkcs11:"))
        return wrong("pkcs11.token", "must name the token, e.g. pkcs11:token=agents");
    if (!settings.pkcs11_pin_file.empty()) {
        const auto named = check_pin_file_setting(settings.pkcs11_pin_file);
        if (!named) return wrong("pkcs11.pin_file", named.error().text());
    }
    HOLDFAST_CHECK(parse_module_environment(settings.pkcs11_environment));
    return done();
}

// Something must keep the host's own keys.
Done check_host_keys(const Settings& settings) {
    if (settings.host_keys != "tpm" && settings.host_keys != "pkcs11")
        return wrong("host.keys", "must be tpm or pkcs11");
    if (settings.host_keys == "pkcs11" && !settings.has_pkcs11())
        return wrong("host.keys", "pkcs11 needs pkcs11.module");
    if (settings.host_keys == "tpm" && !settings.has_tpm())
        return wrong("host.keys", "must be pkcs11 where tpm.tcti is none");
    return done();
}

// Without one of them a token would be checked against nothing.
Done check_security_events(const Settings& settings) {
    const bool any = settings.has_security_events() || !settings.events_audience.empty() ||
                     !settings.events_keys.empty();
    if (!any) return done();
    if (settings.events_issuer.empty()) return wrong("security_events.issuer", "must be set");
    if (settings.events_audience.empty()) return wrong("security_events.audience", "must be set");
    return check_path("security_events.keys", settings.events_keys);
}

}  // namespace

Done check_settings(const Settings& settings) {
    HOLDFAST_CHECK(check_texts(settings));
    if (settings.host_name.empty() || settings.host_name.find('.') != std::string::npos)
        return wrong("host.name", "must be one label, without dots");
    auto domain = check_trust_domain(settings.trust_domain());
    if (!domain) return std::move(domain).error().within("host.name, host.domain");
    HOLDFAST_CHECK(check_paths(settings));
    HOLDFAST_CHECK(check_tpm(settings));
    HOLDFAST_CHECK(check_pkcs11(settings));
    HOLDFAST_CHECK(check_host_keys(settings));
    HOLDFAST_CHECK(check_users(settings));
    HOLDFAST_CHECK(check_launch(settings));
    HOLDFAST_CHECK(check_anchor(settings));
    HOLDFAST_CHECK(check_limits(settings));
    HOLDFAST_CHECK(check_security_events(settings));
    if (settings.approvals_expire_s < min_approval_time ||
        settings.approvals_expire_s > max_approval_time)
        return wrong("approvals.expire_s", "must be 60 to 86400");
    if (settings.reinstate_by != "another" && settings.reinstate_by != "anyone")
        return wrong("containment.reinstate_by", "must be another or anyone");
    return done();
}

}  // namespace holdfast::daemon
