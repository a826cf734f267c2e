// Settings: everything an operator can set. Read once at start, then const for the process's life.
#ifndef HOLDFAST_DAEMON_CONFIG_H
#define HOLDFAST_DAEMON_CONFIG_H

#include <cstdint>
#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/result.h"

namespace holdfast::daemon {

struct Settings {
    std::string host_name;       // [host] name; default: the machine's, lower case, first label
    std::string host_domain;     // [host] domain; default "local.internal"
    std::string state_dir;       // [paths] state; registry, ledger/, keys/
    std::string agents_dir;      // [paths] agents
    std::string policies_dir;    // [paths] policies; need not be there
    std::string operators_file;  // [paths] operators: people, logins and keys; need not be there
    std::string store_dir;       // [paths] store; default: store in the state directory
    std::string log_dir;         // [paths] log: what launched agents print
    std::string crl_file;        // [paths] crl: each revocation list is put there; empty = nowhere
    std::string agent_socket;
    std::string admin_socket;
    std::string admin_group;  // may use the admin socket besides root
    // No default: the NULL TCTI would talk to whoever listens on TCP 2321. "none": no TPM here.
    std::string tpm_tcti;
    bool tpm_simulator_allowed = false;
    std::uint32_t tpm_nv_base = 0;
    std::string tpm_owner_auth_file;        // empty = empty auth
    std::string tpm_endorsement_auth_file;  // empty = empty auth
    std::string tpm_ek_certificate_dir;     // empty = NV only
    std::string host_keys;           // [host] keys: CA and ledger keys live in "tpm" or "pkcs11"
    std::string pkcs11_module;       // [pkcs11] module, a shared object; empty = no PKCS#11 here
    std::string pkcs11_token;        // [pkcs11] token, "pkcs11:token=…;serial=…" (RFC 7512)
    std::string pkcs11_pin_file;     // or "credential:NAME" of systemd; empty = a token without PIN
    std::string pkcs11_environment;  // "NAME=VALUE …" the module wants to see
    bool pkcs11_software_allowed = false;
    std::int64_t register_anchor_pcr = 0;  // in which PCR each boot's register is anchored
    std::string user_front, user_keys, user_measurer;
    std::int64_t launch_first_uid = 0;   // [launch] each launched agent gets a uid of its own from
    std::int64_t launch_uids = 0;        // first_uid on, so many there are
    std::int64_t store_recheck_s = 0;    // [store] whole trees of running agents, each so often
    std::int64_t anchor_interval_s = 0;  // [anchor] the counter is advanced each so often; 0: never
    std::string libexec_dir;             // where the workers' executables are
    std::int64_t max_connections = 0;
    std::int64_t max_connections_per_uid = 0;
    bool dev = false;  // one uid for all: privileges not separated, writable executables allowed
    bool policy_unsigned_allowed = false;  // [policy] unsigned = allow: sets nobody signed
    std::int64_t approvals_expire_s = 0;   // [approvals] how long one is asked for and can be used
    // [security_events] whose tokens (RFC 8417) count; all three or none.
    std::string events_issuer, events_audience;
    std::string events_keys;   // a file: JWK set of public keys
    std::string reinstate_by;  // "another" principal than the one who suspended, or "anyone"

    // What launched instances of an agent print, and where they may write.
    std::string agent_log(const std::string& agent) const { return log_dir + "/" + agent + ".log"; }
    std::string agent_data(const std::string& agent) const { return state_dir + "/data/" + agent; }
    bool has_tpm() const { return tpm_tcti != "none"; }
    bool has_security_events() const { return !events_issuer.empty(); }
    bool has_pkcs11() const { return !pkcs11_module.empty(); }
    std::string trust_domain() const { return host_name + "." + host_domain; }
    friend bool operator==(const Settings&, const Settings&) = default;
};

inline constexpr std::size_t max_config_file = 256UL * 1024;
inline constexpr std::size_t max_setting_value = 1024;
inline constexpr std::size_t max_socket_path = 107;  // sun_path with its final zero, unix(7)

// INI by Boost.Program_options; then FILE.d/*.conf in order, later ones win. Unknown key = invalid,
// with file and line; so is a file that others may write. `origins` (optional) gets where each
// value came from, for --dump-config.
using Origins = std::map<std::string, std::string>;
Result<Settings> read_settings(const std::string& path, Origins* origins);
// What a child process reads from its supervisor: the above plus [process] dev.
Result<Settings> parse_settings(std::istream& text);
// What --dev DIR means: everything below DIR, one uid, simulator allowed; and on top of that what
// DIR/holdfastd.conf says, if there is one.
Result<Settings> read_dev_settings(const std::string& directory, Origins* origins);
Settings dev_settings(const std::string& directory);
// The bounds and alphabets of every value; read_settings and parse_settings include it.
Done check_settings(const Settings& settings);

// The INI text that parse_settings reads back to the same Settings.
std::string dump_settings(const Settings& settings, const Origins* origins);

// "host.name", "paths.state", … : all an operator may write, in the order of --dump-config.
std::vector<std::string> setting_names();
std::map<std::string, std::string> setting_values(const Settings& settings);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_CONFIG_H
