#include "policy/agent_file.h"

#include <pwd.h>

#include <optional>

#include "core/crypto/digest.h"
#include "core/encode/base64.h"
#include "core/encode/statement.h"
#include "holdfast/agent_id.h"
#include "policy/declared.h"
#include "policy/limits_file.h"
#include "policy/toml_table.h"
#include "policy/triggers_file.h"

namespace holdfast::policy {
namespace {

constexpr std::string_view extension = ".toml";
constexpr std::size_t max_name_text = 64;
constexpr std::size_t max_user_name = 256;
constexpr std::string_view token_uri_scheme = "pkcs11:";
constexpr std::int64_t overflow_uid = 65534;  // what the kernel shows for users it cannot name

Result<std::string> stem_of(std::string_view file_name) {
    const std::size_t slash = file_name.rfind('/');
    if (slash != std::string_view::npos) file_name.remove_prefix(slash + 1);
    if (!file_name.ends_with(extension))
        return Error(Code::invalid, std::string(file_name) + ": must end in .toml");
    file_name.remove_suffix(extension.size());
    return std::string(file_name);
}

Done read_name(TomlTable& root, std::string_view stem, AgentFile& agent) {
    HOLDFAST_TRY(name, root.text("name", max_name_text));
    if (auto valid = check_agent_name(name); !valid)
        return root.wrong("name", valid.error().text());
    if (name != stem) return root.wrong("name", "must equal the file's name");
    agent.name = std::move(name);
    if (!root.has("environment")) return done();
    HOLDFAST_TRY(environment, root.text("environment", max_environment));
    agent.environment = std::move(environment);
    return done();
}

Done read_accountability(TomlTable& root, Accountability& answers) {
    HOLDFAST_TRY(table, root.table("accountability"));
    HOLDFAST_TRY(sponsor, table.text("sponsor", max_principal));
    HOLDFAST_TRY(owner, table.text("owner", max_principal));
    HOLDFAST_TRY(policy_author, table.text("policy_author", max_principal));
    HOLDFAST_TRY(can_stop, table.texts("can_stop", max_can_stop, max_principal));
    if (can_stop.empty()) return table.wrong("can_stop", "must name somebody");
    answers = {std::move(sponsor), std::move(owner), std::move(policy_author), std::move(can_stop)};
    return table.finish();
}

// None when there is no such user here; files are also checked on machines without the agents.
std::optional<uid_t> uid_of_user(const std::string& user) {
    std::vector<char> buffer(64UL * 1024);
    passwd entry{};
    passwd* found = nullptr;
    const int failed = ::getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (failed != 0 || found == nullptr) return std::nullopt;
    return found->pw_uid;
}

Result<uid_t> read_uid(TomlTable& table) {
    if (table.has("uid") && table.has("user"))
        return table.wrong("user", "either uid or user, not both");
    if (!table.has("uid") && !table.has("user")) return table.wrong("uid", "or user is missing");
    const std::string_view key = table.has("user") ? "user" : "uid";
    std::int64_t uid = 0;
    if (key == "user") {
        HOLDFAST_TRY(user, table.text("user", max_user_name));
        const std::optional<uid_t> known = uid_of_user(user);
        if (!known) return table.wrong("user", "no user \"" + user + "\" on this host");
        uid = *known;
    } else {
        HOLDFAST_TRY(number, table.integer("uid", 0, max_uid));
        uid = number;
    }
    if (uid == overflow_uid)
        return table.wrong(key, "65534 stands for every user the kernel cannot name");
    return static_cast<uid_t>(uid);
}

Done read_recognition(TomlTable& root, Declared& declared) {
    HOLDFAST_TRY(table, root.table("recognise"));
    HOLDFAST_TRY(uid, read_uid(table));
    HOLDFAST_TRY(hex, table.text("executable_sha256", 2 * sizeof(Sha256)));
    auto digest = encode::sha256_from_hex(hex);
    if (!digest) return table.wrong("executable_sha256", digest.error().text());
    declared.agent.uid = uid;
    declared.agent.executable = *digest;
    declared.recognise_line = table.line();
    return table.finish();
}

// Only its form: whether it is a key that can check anything is seen when a manifest is opened.
bool looks_like_key(std::string_view text) noexcept {
    return text.starts_with("ssh-") || text.starts_with("ecdsa-sha2-") || text.starts_with("sk-") ||
           text.starts_with("-----BEGIN PUBLIC KEY-----");
}

Result<std::vector<std::string>> read_manifest_keys(TomlTable& table) {
    HOLDFAST_TRY(keys, table.blocks("manifest_keys", max_manifest_keys, max_manifest_key));
    if (keys.empty()) return table.wrong("manifest_keys", "must name a key");
    for (const std::string& key : keys)
        if (!looks_like_key(key))
            return table.wrong("manifest_keys", "holds neither an ssh public key nor a PEM one");
    return keys;
}

Done read_launch(TomlTable& root, Declared& declared) {
    HOLDFAST_TRY(table, root.table("launch"));
    Launch launch;
    HOLDFAST_TRY(keys, read_manifest_keys(table));
    launch.manifest_keys = std::move(keys);
    if (table.has("on_change")) {
        HOLDFAST_TRY(word, table.text("on_change", max_name_text));
        if (word != "kill" && word != "refuse")
            return table.wrong("on_change", "must be \"kill\" or \"refuse\"");
        launch.on_change = word == "kill" ? OnChange::kill : OnChange::refuse;
    }
    declared.agent.launch = std::move(launch);
    declared.recognise_line = table.line();
    return table.finish();
}

// One process is either looked at from outside or started by us; both would be two truths.
Done read_origin(TomlTable& root, Declared& declared) {
    if (!root.has("launch")) return read_recognition(root, declared);
    if (root.has("recognise"))
        return root.wrong("launch", "stands beside [recognise]: an agent is one or the other");
    return read_launch(root, declared);
}

// Which attributes it may have, and whether the token has them, is the keys worker's to say.
bool looks_like_token_uri(std::string_view text) noexcept {
    return text.starts_with(token_uri_scheme);
}

Done read_backend(TomlTable& table, KeyChoice& key) {
    HOLDFAST_TRY(backend, table.text("backend", max_token_uri));
    if (backend == to_string(Backend::tpm)) return done();
    if (!looks_like_token_uri(backend))
        return table.wrong("backend", "must be \"tpm\" or a token's URI, \"pkcs11:token=…\"");
    key.backend = Backend::pkcs11;
    key.token = std::move(backend);
    return done();
}

Done read_key(TomlTable& root, AgentFile& agent) {
    if (!root.has("key")) return done();
    HOLDFAST_TRY(table, root.table("key"));
    if (table.has("backend")) HOLDFAST_CHECK(read_backend(table, agent.key));
    if (table.has("algorithm")) {
        HOLDFAST_TRY(word, table.text("algorithm", max_name_text));
        const auto algorithm = parse_key_algorithm(word);
        if (!algorithm)
            return table.wrong("algorithm",
                               "must be ES256, ES384, Ed25519, PS256-2048, PS256-3072, RS256-2048 "
                               "or RS256-3072");
        agent.key.algorithm = *algorithm;
    }
    return table.finish();
}

Done read_credential(TomlTable& root, AgentFile& agent) {
    agent.lifetime = default_lifetime;
    if (!root.has("credential")) return done();
    HOLDFAST_TRY(table, root.table("credential"));
    if (table.has("lifetime_s")) {
        HOLDFAST_TRY(lifetime, table.integer("lifetime_s", min_lifetime, max_lifetime));
        agent.lifetime = lifetime;
    }
    return table.finish();
}

// Entities of the list that an older file has under this key; one to be filled in otherwise.
std::vector<std::string> entities_in(TomlTable& root, std::string_view key, std::string_view type,
                                     bool (*valid)(std::string_view) noexcept) {
    constexpr std::size_t max_entries = 256;
    std::vector<std::string> entities;
    auto entries = root.texts(key, max_entries, max_audience);
    if (!entries) return entities;
    for (const std::string& entry : *entries)
        if (valid(entry)) entities.push_back(std::string(type) + "::\"" + entry + "\"");
    return entities;
}

// What agent files said before there were policies is refused with the policy that says it.
Done refuse_permissions(TomlTable& root, const AgentFile& agent) {
    const std::string_view key = root.has("actions") ? "actions" : "audiences";
    if (!root.has(key)) return done();
    const auto actions = entities_in(root, "actions", "Action", encode::is_action_name);
    const auto audiences = entities_in(root, "audiences", "Audience", encode::is_audience);
    std::string line = "permit(principal == Agent::\"" + agent.name + "\", action";
    for (std::size_t n = 0; n < actions.size(); ++n)
        line += (n == 0 ? " in [" : ", ") + actions[n];
    line += actions.empty() ? ", resource)" : "], resource)";
    for (std::size_t n = 0; n < audiences.size(); ++n)
        line += (n == 0 ? " when { [" : ", ") + audiences[n];
    if (!audiences.empty()) line += "].contains(resource) }";
    return root.wrong(key,
                      "policies say what an agent may sign; write into policies.d/NAME.cedar: "
                      "@id(\"" +
                          agent.name + "\") " + line + ";");
}

Done read_all(TomlTable& root, std::string_view stem, Declared& declared) {
    HOLDFAST_CHECK(read_name(root, stem, declared.agent));
    HOLDFAST_CHECK(read_accountability(root, declared.agent.accountability));
    HOLDFAST_CHECK(read_origin(root, declared));
    HOLDFAST_CHECK(read_key(root, declared.agent));
    HOLDFAST_CHECK(read_credential(root, declared.agent));
    HOLDFAST_CHECK(refuse_permissions(root, declared.agent));
    HOLDFAST_TRY(limits, read_limits(root));
    declared.agent.limits = std::move(limits);
    HOLDFAST_TRY(triggers, read_triggers(root));
    declared.agent.triggers = std::move(triggers);
    return root.finish();
}

}  // namespace

Result<Declared> parse_declared(std::string_view file_name, std::string_view text) {
    HOLDFAST_TRY(stem, stem_of(file_name));
    const std::string shown = stem + std::string(extension);
    if (text.size() > max_agent_file)
        return Error(Code::invalid,
                     shown + ":1: longer than " + std::to_string(max_agent_file) + " bytes");
    HOLDFAST_TRY(toml, read_toml(shown, text));
    TomlTable root(toml, shown, "");
    Declared declared;
    HOLDFAST_CHECK(read_all(root, stem, declared));
    declared.agent.digest = crypto::sha256(view_of(text));
    return declared;
}

Result<AgentFile> parse_agent_file(std::string_view file_name, std::string_view text) {
    HOLDFAST_TRY(declared, parse_declared(file_name, text));
    return std::move(declared.agent);
}

}  // namespace holdfast::policy
