#include "policy/operators.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <utility>

#include "core/crypto/digest.h"
#include "core/encode/sshsig.h"
#include "policy/agent_file.h"
#include "policy/config_folder.h"
#include "policy/toml_table.h"

namespace holdfast::policy {
namespace {

constexpr std::string_view armor = "-----BEGIN SSH SIGNATURE-----";

// Whom a name, a uid or a key belongs to already.
using Taken = std::map<std::string, std::string>;

Done take(Taken& taken, const TomlTable& table, std::string_view key, const std::string& what,
          const std::string& who) {
    const auto [first, added] = taken.try_emplace(what, who);
    if (added) return done();
    return table.wrong(key, what + " is " + first->second + "'s already");
}

Done read_uids(TomlTable& table, Taken& taken, Operator& who) {
    if (!table.has("uids")) return done();
    HOLDFAST_TRY(uids, table.integers("uids", max_operator_uids, 0, max_uid));
    for (const std::int64_t uid : uids) {
        HOLDFAST_CHECK(take(taken, table, "uids", "uid " + std::to_string(uid), who.name));
        who.uids.push_back(static_cast<uid_t>(uid));
    }
    return done();
}

Done read_keys(TomlTable& table, Taken& taken, Operator& who) {
    if (!table.has("keys")) return done();
    HOLDFAST_TRY(lines, table.texts("keys", max_operator_keys, max_operator_key));
    for (const std::string& line : lines) {
        auto key = crypto::TrustedKey::parse(line);
        if (!key) return table.wrong("keys", key.error().text());
        if (!key->is_ssh()) return table.wrong("keys", "must be OpenSSH public keys");
        HOLDFAST_CHECK(take(taken, table, "keys", key->fingerprint(), who.name));
        who.keys.push_back(*std::move(key));
    }
    return done();
}

Done read_groups(TomlTable& table, Operator& who) {
    if (!table.has("groups")) return done();
    HOLDFAST_TRY(groups, table.texts("groups", max_operator_groups, max_group_name));
    for (const std::string& group : groups)
        if (!is_group_name(group))
            return table.wrong("groups", "\"" + group + "\": lower case, digits, - _ . only");
    who.groups = std::move(groups);
    return done();
}

Result<Operator> read_operator(TomlTable& table, Taken& taken) {
    Operator who;
    HOLDFAST_TRY(name, table.text("name", max_principal));
    who.name = std::move(name);
    HOLDFAST_CHECK(take(taken, table, "name", "name " + who.name, who.name));
    HOLDFAST_CHECK(read_uids(table, taken, who));
    HOLDFAST_CHECK(read_keys(table, taken, who));
    HOLDFAST_CHECK(read_groups(table, who));
    if (table.has("policies")) {
        HOLDFAST_TRY(policies, table.flag("policies"));
        who.policies = policies;
    }
    HOLDFAST_CHECK(table.finish());
    if (who.uids.empty() && who.keys.empty())
        return table.wrong("name", who.name + " has neither uids nor keys: nobody can be that");
    return who;
}

Result<Bytes> blob_of(ByteView sshsig) {
    if (text_of(sshsig).starts_with(armor)) return encode::parse_armored_sshsig(text_of(sshsig));
    return bytes_of(sshsig);
}

Error unknown_signer(const std::string& why) {
    return Error(Code::denied, why).because("unknown_signer");
}

}  // namespace

bool is_group_name(std::string_view name) noexcept {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    };
    return !name.empty() && name.size() <= max_group_name && std::ranges::all_of(name, fits);
}

Result<Operators> Operators::parse(std::string_view file_name, std::string_view text) {
    const std::string shown(file_name);
    if (text.size() > max_operators_file)
        return Error(Code::invalid,
                     shown + ":1: longer than " + std::to_string(max_operators_file) + " bytes");
    HOLDFAST_TRY(toml, read_toml(shown, text));
    TomlTable root(toml, shown, "");
    Operators operators;
    Taken taken;
    if (root.has("operator")) {
        HOLDFAST_TRY(tables, root.tables("operator", max_operators));
        for (TomlTable& table : tables) {
            HOLDFAST_TRY(who, read_operator(table, taken));
            operators.all_.push_back(std::move(who));
        }
    }
    HOLDFAST_CHECK(root.finish());
    operators.digest_ = crypto::sha256(view_of(text));
    return operators;
}

Result<Operators> Operators::read(const std::string& path) {
    std::error_code failure;
    if (std::filesystem::symlink_status(path, failure).type() ==
        std::filesystem::file_type::not_found)
        return Operators();
    const std::size_t slash = path.rfind('/');
    const std::string name = path.substr(slash + 1);
    HOLDFAST_TRY(folder, ConfigFolder::open(path.substr(0, slash)));
    HOLDFAST_TRY(text, folder.content(name, max_operators_file));
    return parse(name, text);
}

const Operator* Operators::find(std::string_view name) const noexcept {
    const auto found = std::ranges::find(all_, name, &Operator::name);
    return found == all_.end() ? nullptr : &*found;
}

const Operator* Operators::of_principal(std::string_view principal) const noexcept {
    const std::size_t colon = principal.find(':');
    if (colon == std::string_view::npos) return nullptr;
    const std::string_view digits = principal.substr(colon + 1);
    uid_t uid = 0;
    const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), uid);
    if (wrong != std::errc() || end != digits.data() + digits.size()) return nullptr;
    const auto found = std::ranges::find_if(all_, [uid](const Operator& who) {
        return std::ranges::find(who.uids, uid) != who.uids.end();
    });
    return found == all_.end() ? nullptr : &*found;
}

Result<Signed> Operators::signer(std::string_view name_space, ByteView message,
                                 ByteView sshsig) const {
    const auto blob = blob_of(sshsig);
    if (!blob) return Error(blob.error()).because("malformed_signature");
    const auto taken_apart = encode::parse_sshsig(*blob);
    if (!taken_apart) return Error(taken_apart.error()).because("malformed_signature");
    if (taken_apart->name_space != name_space)
        return Error(Code::denied, "signed for the namespace '" + taken_apart->name_space +
                                       "', not for '" + std::string(name_space) + "'")
            .because("wrong_namespace");
    for (const Operator& who : all_)
        for (const crypto::TrustedKey& key : who.keys) {
            if (!key.is_of(taken_apart->public_key)) continue;
            const Done verified = key.verify(name_space, message, *blob);
            if (!verified)
                return Error(Code::denied, who.name + ": " + verified.error().text())
                    .because("bad_signature");
            return Signed{&who, key.fingerprint()};
        }
    return unknown_signer("signed by a key of nobody in operators.toml");
}

}  // namespace holdfast::policy
