#include "daemon/config.h"

#include <charconv>
#include <filesystem>
#include <functional>
#include <istream>
#include <iterator>
#include <sstream>

#include "daemon/config_defaults.h"
#include "daemon/config_files.h"
#include "daemon/config_text.h"

namespace holdfast::daemon {
namespace {

// ── conversions ─────────────────────────────────────────────────────────────────────────────────

template <class Integer>
Result<Integer> integer_from(std::string_view text) {
    int base = 10;
    if (text.starts_with("0x")) {
        text.remove_prefix(2);
        base = 16;
    }
    Integer value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc() || end != text.data() + text.size())
        return Error(Code::invalid, "must be an integer");
    return value;
}

Result<bool> choice_from(std::string_view text, std::string_view yes, std::string_view no) {
    if (text == yes) return true;
    if (text == no) return false;
    return Error(Code::invalid, "must be " + std::string(yes) + " or " + std::string(no));
}

// ── the table of settings ───────────────────────────────────────────────────────────────────────

struct Setting {
    const char* name;
    std::function<Done(Settings&, const std::string&)> set;
    std::function<std::string(const Settings&)> get;
};

Setting text(const char* name, std::string Settings::* member) {
    return {name,
            [member](Settings& settings, const std::string& value) {
                settings.*member = value;
                return done();
            },
            [member](const Settings& settings) { return settings.*member; }};
}

Setting number(const char* name, std::int64_t Settings::* member) {
    return {name,
            [member](Settings& settings, const std::string& value) -> Done {
                HOLDFAST_TRY(parsed, integer_from<std::int64_t>(value));
                settings.*member = parsed;
                return done();
            },
            [member](const Settings& settings) { return std::to_string(settings.*member); }};
}

Setting choice(const char* name, bool Settings::* member, const char* yes, const char* no) {
    return {name,
            [=](Settings& settings, const std::string& value) -> Done {
                HOLDFAST_TRY(parsed, choice_from(value, yes, no));
                settings.*member = parsed;
                return done();
            },
            [=](const Settings& settings) { return std::string(settings.*member ? yes : no); }};
}

Setting nv_base() {
    return {"tpm.nv_base",
            [](Settings& settings, const std::string& value) -> Done {
                HOLDFAST_TRY(parsed, integer_from<std::uint32_t>(value));
                settings.tpm_nv_base = parsed;
                return done();
            },
            [](const Settings& settings) {
                std::ostringstream out;
                out << "0x" << std::hex << settings.tpm_nv_base;
                return out.str();
            }};
}

const std::vector<Setting>& settings_table() {
    static const std::vector<Setting> table = {
        text("host.name", &Settings::host_name),
        text("host.domain", &Settings::host_domain),
        text("host.keys", &Settings::host_keys),
        text("paths.state", &Settings::state_dir),
        text("paths.agents", &Settings::agents_dir),
        text("paths.policies", &Settings::policies_dir),
        text("paths.operators", &Settings::operators_file),
        text("paths.store", &Settings::store_dir),
        text("paths.log", &Settings::log_dir),
        text("paths.crl", &Settings::crl_file),
        text("paths.libexec", &Settings::libexec_dir),
        text("listen.agent_socket", &Settings::agent_socket),
        text("listen.admin_socket", &Settings::admin_socket),
        text("listen.admin_group", &Settings::admin_group),
        text("tpm.tcti", &Settings::tpm_tcti),
        choice("tpm.simulator", &Settings::tpm_simulator_allowed, "allow", "refuse"),
        nv_base(),
        text("tpm.owner_auth_file", &Settings::tpm_owner_auth_file),
        text("tpm.endorsement_auth_file", &Settings::tpm_endorsement_auth_file),
        text("tpm.ek_certificate_dir", &Settings::tpm_ek_certificate_dir),
        text("pkcs11.module", &Settings::pkcs11_module),
        text("pkcs11.token", &Settings::pkcs11_token),
        text("pkcs11.pin_file", &Settings::pkcs11_pin_file),
        text("pkcs11.environment", &Settings::pkcs11_environment),
        choice("pkcs11.software", &Settings::pkcs11_software_allowed, "allow", "refuse"),
        number("register.anchor_pcr", &Settings::register_anchor_pcr),
        text("users.front", &Settings::user_front),
        text("users.keys", &Settings::user_keys),
        text("users.measurer", &Settings::user_measurer),
        number("launch.first_uid", &Settings::launch_first_uid),
        number("launch.uids", &Settings::launch_uids),
        number("store.recheck_s", &Settings::store_recheck_s),
        number("anchor.interval_s", &Settings::anchor_interval_s),
        number("limits.connections", &Settings::max_connections),
        number("limits.connections_per_uid", &Settings::max_connections_per_uid),
        choice("policy.unsigned", &Settings::policy_unsigned_allowed, "allow", "refuse"),
        number("approvals.expire_s", &Settings::approvals_expire_s),
        text("containment.reinstate_by", &Settings::reinstate_by),
        text("security_events.issuer", &Settings::events_issuer),
        text("security_events.audience", &Settings::events_audience),
        text("security_events.keys", &Settings::events_keys),
    };
    return table;
}

// Not an operator's to set: how a child learns that it was started with --dev.
Setting dev_setting() {
    return choice("process.dev", &Settings::dev, "true", "false");
}

// ── values ──────────────────────────────────────────────────────────────────────────────────────

Done apply(Settings& settings, const std::vector<Setting>& table, const ConfigValues& values) {
    for (const auto& setting : table) {
        const auto found = values.find(setting.name);
        if (found == values.end()) continue;
        auto set = setting.set(settings, found->second.value);
        if (!set) return std::move(set).error().within(found->second.origin + ": " + setting.name);
    }
    return done();
}

// Defaults that follow from other settings.
void complete(Settings& settings) {
    if (settings.store_dir.empty()) settings.store_dir = settings.state_dir + "/store";
}

std::vector<std::string> names_in(const std::vector<Setting>& table) {
    std::vector<std::string> names;
    names.reserve(table.size());
    for (const auto& setting : table)
        names.emplace_back(setting.name);
    return names;
}

// The files, and those of FILE.d, on top of what is there.
Done apply_files(Settings& settings, const std::string& path, Origins& origins) {
    HOLDFAST_TRY(files, config_files(path));
    for (const auto& file : files) {
        HOLDFAST_TRY(text, read_config_file(file));
        HOLDFAST_TRY(values, parse_config_text(text, file, setting_names()));
        HOLDFAST_CHECK(apply(settings, settings_table(), values));
        for (const auto& [name, value] : values)
            origins[name] = value.origin;
    }
    return done();
}

Origins all_from(const std::string& origin) {
    Origins origins;
    for (const auto& name : setting_names())
        origins[name] = origin;
    return origins;
}

Result<Settings> completed(Settings settings, const std::string& source) {
    complete(settings);
    auto checked = check_settings(settings);
    if (!checked) return std::move(checked).error().within(source);
    return settings;
}

}  // namespace

Result<Settings> read_settings(const std::string& path, Origins* origins) {
    Settings settings = default_settings();
    Origins found = all_from("default");
    HOLDFAST_CHECK(apply_files(settings, path, found));
    if (origins != nullptr) *origins = std::move(found);
    return completed(std::move(settings), path);
}

Result<Settings> read_dev_settings(const std::string& directory, Origins* origins) {
    Settings settings = dev_settings(directory);
    Origins found = all_from("--dev");
    const std::string file = directory + "/holdfastd.conf";
    std::error_code error;
    // A link that leads nowhere is a mistake to be told of, not an absent file.
    if (std::filesystem::symlink_status(file, error).type() !=
        std::filesystem::file_type::not_found)
        HOLDFAST_CHECK(apply_files(settings, file, found));
    if (origins != nullptr) *origins = std::move(found);
    return completed(std::move(settings), "--dev " + directory);
}

Result<Settings> parse_settings(std::istream& text) {
    const std::string all((std::istreambuf_iterator<char>(text)), std::istreambuf_iterator<char>());
    auto table = settings_table();
    table.push_back(dev_setting());
    HOLDFAST_TRY(values, parse_config_text(all, "settings", names_in(table)));
    Settings settings = default_settings();
    HOLDFAST_CHECK(apply(settings, table, values));
    complete(settings);
    HOLDFAST_CHECK(check_settings(settings));
    return settings;
}

std::string dump_settings(const Settings& settings, const Origins* origins) {
    auto table = settings_table();
    if (settings.dev) table.push_back(dev_setting());
    std::string out;
    std::string section;
    for (const auto& setting : table) {
        const std::string name = setting.name;
        const auto dot = name.find('.');
        if (name.substr(0, dot) != section) {
            section = name.substr(0, dot);
            out += "[" + section + "]\n";
        }
        out += name.substr(dot + 1) + " = " + setting.get(settings);
        const bool known = origins != nullptr && origins->contains(name);
        out += known ? "  # " + origins->at(name) + "\n" : "\n";
    }
    return out;
}

std::vector<std::string> setting_names() {
    return names_in(settings_table());
}

std::map<std::string, std::string> setting_values(const Settings& settings) {
    std::map<std::string, std::string> values;
    for (const auto& setting : settings_table())
        values[setting.name] = setting.get(settings);
    return values;
}

}  // namespace holdfast::daemon
