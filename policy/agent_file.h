// Agent files: agents.d/NAME.toml, the only declaration of an agent.
#ifndef HOLDFAST_POLICY_AGENT_FILE_H
#define HOLDFAST_POLICY_AGENT_FILE_H

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/result.h"
#include "policy/limit.h"
#include "policy/triggers.h"

namespace holdfast::policy {

inline constexpr std::size_t max_agent_file = 64UL * 1024;
inline constexpr std::size_t max_agents = 1024;
inline constexpr std::size_t max_environment = 64;
inline constexpr std::size_t max_principal = 255;  // sponsor, owner, …
inline constexpr std::size_t max_can_stop = 32;
inline constexpr std::size_t max_token_uri = 1024;
inline constexpr std::size_t max_manifest_keys = 16;
inline constexpr std::size_t max_manifest_key = 4096;  // bytes of one, as text
inline constexpr std::int64_t max_uid = 4294967294;    // the next one is "no user"
inline constexpr std::int64_t min_lifetime = 300;      // seconds
inline constexpr std::int64_t max_lifetime = 86400;
inline constexpr std::int64_t default_lifetime = 3600;

// Who answers for it. All mandatory.
struct Accountability {
    std::string sponsor;
    std::string owner;
    std::string policy_author;
    std::vector<std::string> can_stop;
};

// What becomes of an instance whose code is not what was launched any more.
enum class OnChange : std::uint8_t {
    refuse = 1,  // its session ends: nothing is signed for it again
    kill = 2,    // and its processes are killed
};

// [launch]: the agent is started by Holdfast, from a manifest that one of these keys signed.
struct Launch {
    std::vector<std::string> manifest_keys;  // OpenSSH public key lines or PEM public keys
    OnChange on_change = OnChange::kill;
};

// [key]: where the agent's key is made, and how it signs. Both are the key's for its life.
struct KeyChoice {
    Backend backend = Backend::tpm;
    std::string token;  // "pkcs11:token=…" (RFC 7512), which the host's token must match
    KeyAlgorithm algorithm = KeyAlgorithm::es256;
};

struct AgentFile {
    std::string name;  // equals the file's stem
    std::string environment;
    Accountability accountability;
    // [recognise] or [launch]: who is looked at from outside has a uid and an executable here, who
    // is launched gets its uid from the launcher and its code from its manifest.
    uid_t uid = 0;                 // [recognise] uid = 1001 or user = "deploy"
    Sha256 executable{};           // [recognise] executable_sha256
    std::optional<Launch> launch;  // then uid and executable mean nothing
    KeyChoice key;
    std::int64_t lifetime = 0;  // [credential] lifetime_s, seconds
    std::vector<Limit> limits;  // [[limit]]
    TriggerRules triggers;      // [triggers.NAME]
    Sha256 digest{};            // of the file's bytes
};

// Errors are Code::invalid, "NAME.toml:LINE: …": unknown key, missing accountability, bad value.
Result<AgentFile> parse_agent_file(std::string_view file_name, std::string_view text);

// All *.toml of a directory, by name. Also refuses two agents recognised by the same uid and
// executable, naming both files and lines; and what others than root and this process's user own,
// or may write: the directory and each file.
Result<std::map<std::string, AgentFile>> read_agent_files(const std::string& directory);

// One of them, with the same care. not_found when there is no file of that agent.
Result<AgentFile> read_agent_file(const std::string& directory, const std::string& agent);

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_AGENT_FILE_H
