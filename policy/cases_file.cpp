// parse_cases: the TOML of a table of cases.
#include <map>
#include <set>
#include <utility>

#include "core/encode/base64.h"
#include "core/encode/statement.h"
#include "holdfast/agent_id.h"
#include "policy/cases.h"
#include "policy/demand.h"
#include "policy/toml_table.h"

namespace holdfast::policy {
namespace {

constexpr std::size_t max_word = 32;  // custody, assurance, register, expect

// Of an agent, and how it comes to ask.
struct Asker {
    AgentFile file;
    Custody custody = Custody::unproven;
    Assurance assurance = Assurance::observed;
    std::optional<Sha256> manifest;
};
using Askers = std::map<std::string, Asker, std::less<>>;

Done read_text(TomlTable& table, std::string_view key, std::size_t max_bytes, std::string& into) {
    if (!table.has(key)) return done();
    HOLDFAST_TRY(text, table.text(key, max_bytes));
    into = std::move(text);
    return done();
}

template <class T>
Done read_word(TomlTable& table, std::string_view key, Result<T> (*parse)(std::string_view),
               T& into) {
    if (!table.has(key)) return done();
    HOLDFAST_TRY(word, table.text(key, max_word));
    const auto value = parse(word);
    if (!value) return table.wrong(key, value.error().text());
    into = *value;
    return done();
}

Done read_digest(TomlTable& table, std::string_view key, std::optional<Sha256>& into) {
    if (!table.has(key)) return done();
    HOLDFAST_TRY(hex, table.text(key, 2 * sizeof(Sha256)));
    const auto digest = encode::sha256_from_hex(hex);
    if (!digest) return table.wrong(key, digest.error().text());
    into = *digest;
    return done();
}

Done read_accountability(TomlTable& table, Accountability& who) {
    HOLDFAST_CHECK(read_text(table, "sponsor", max_principal, who.sponsor));
    HOLDFAST_CHECK(read_text(table, "owner", max_principal, who.owner));
    return read_text(table, "policy_author", max_principal, who.policy_author);
}

Result<Asker> read_asker(TomlTable table) {
    Asker asker;
    HOLDFAST_TRY(name, table.text("name", max_agent_name));
    if (const Done fits = check_agent_name(name); !fits)
        return table.wrong("name", fits.error().text());
    asker.file.name = std::move(name);
    HOLDFAST_CHECK(read_accountability(table, asker.file.accountability));
    HOLDFAST_CHECK(read_text(table, "environment", max_environment, asker.file.environment));
    HOLDFAST_CHECK(read_word(table, "custody", parse_custody, asker.custody));
    HOLDFAST_CHECK(read_word(table, "assurance", parse_assurance, asker.assurance));
    HOLDFAST_CHECK(read_digest(table, "manifest", asker.manifest));
    if (asker.manifest && asker.assurance < Assurance::launched)
        return table.wrong("manifest", "goes with an assurance of launched or above");
    HOLDFAST_CHECK(table.finish());
    return asker;
}

// [[agent]]: those that cases refer to by name.
Result<Askers> read_askers(TomlTable& root) {
    Askers askers;
    if (!root.has("agent")) return askers;
    HOLDFAST_TRY(tables, root.tables("agent", max_case_agents));
    for (const TomlTable& table : tables) {
        HOLDFAST_TRY(asker, read_asker(table));
        std::string name = asker.file.name;
        if (!askers.emplace(name, std::move(asker)).second)
            return table.wrong("name", "\"" + name + "\" stands there twice");
    }
    return askers;
}

Result<Asker> asker_of(TomlTable& table, const Askers& askers) {
    if (!table.holds_text("agent")) {
        HOLDFAST_TRY(own, table.table("agent"));
        return read_asker(std::move(own));
    }
    HOLDFAST_TRY(name, table.text("agent", max_agent_name));
    const auto found = askers.find(name);
    if (found == askers.end()) return table.wrong("agent", "there is no [[agent]] of that name");
    return found->second;
}

Done read_host(TomlTable& root, Situation& situation) {
    if (!root.has("host")) return done();
    HOLDFAST_TRY(table, root.table("host"));
    HOLDFAST_CHECK(read_word(table, "custody", parse_custody, situation.host_custody));
    HOLDFAST_CHECK(read_text(table, "trust_domain", max_trust_domain, situation.trust_domain));
    if (const Done fits = check_trust_domain(situation.trust_domain); !fits)
        return table.wrong("trust_domain", fits.error().text());
    HOLDFAST_CHECK(read_text(table, "register", max_word, situation.event_register));
    const std::string& state = situation.event_register;
    if (state != "ok" && state != "absent" && state != "broken")
        return table.wrong("register", "must be ok, absent or broken");
    if (table.has("tpm")) {
        HOLDFAST_TRY(tpm, table.flag("tpm"));
        situation.has_tpm = tpm;
    }
    return table.finish();
}

Result<Situation> situation_of(TomlTable& table, const Asker& asker) {
    Situation situation;
    situation.custody = asker.custody;
    situation.assurance = asker.assurance;
    situation.manifest = asker.manifest;
    situation.trust_domain = default_case_domain;
    situation.now = default_case_time;
    HOLDFAST_CHECK(read_host(table, situation));
    if (!table.has("time")) return situation;
    HOLDFAST_TRY(now, table.time("time"));
    situation.now = now;
    return situation;
}

Result<Action> read_action(TomlTable& table) {
    Action action;
    HOLDFAST_TRY(name, table.text("action", max_action_name));
    HOLDFAST_TRY(audience, table.text("audience", max_audience));
    action.action = std::move(name);
    action.audience = std::move(audience);
    HOLDFAST_CHECK(read_text(table, "resource", max_resource, action.resource));
    HOLDFAST_CHECK(read_text(table, "on_behalf_of", max_on_behalf_of, action.on_behalf_of));
    HOLDFAST_CHECK(read_digest(table, "params_sha256", action.params_sha256));
    if (table.has("params")) {
        HOLDFAST_TRY(params, table.json("params", encode::max_params_depth));
        action.params = std::move(params);
    }
    if (const Done fits = encode::check_action(action); !fits)
        return table.wrong_at(table.line(), "", fits.error().text());
    return action;
}

Result<Expected> read_expected(TomlTable& table) {
    Expected expected;
    HOLDFAST_TRY(word, table.text("expect", max_word));
    if (word != "permit" && word != "deny") return table.wrong("expect", "must be permit or deny");
    expected.permit = word == "permit";
    if (table.has("rules")) {
        HOLDFAST_TRY(rules, table.texts("rules", max_case_rules, encode::max_rule));
        expected.rules = std::move(rules);
    }
    if (!table.has("approvals")) return expected;
    if (!expected.permit) return table.wrong("approvals", "are asked for by a permit only");
    HOLDFAST_TRY(approvals, table.integer("approvals", 0, max_approvals));
    expected.approvals = static_cast<unsigned>(approvals);
    return expected;
}

Result<Case> read_case(TomlTable& table, const Askers& askers) {
    HOLDFAST_TRY(name, table.text("name", max_case_name));
    HOLDFAST_TRY(asker, asker_of(table, askers));
    HOLDFAST_TRY(situation, situation_of(table, asker));
    HOLDFAST_TRY(action, read_action(table));
    HOLDFAST_TRY(expected, read_expected(table));
    HOLDFAST_CHECK(table.finish());
    return Case{std::move(name),      table.line(),      std::move(asker.file),
                std::move(situation), std::move(action), std::move(expected)};
}

}  // namespace

Result<std::vector<Case>> parse_cases(std::string_view file_name, std::string_view text) {
    const std::string shown(file_name);
    if (text.size() > max_cases_file)
        return Error(Code::invalid,
                     shown + ":1: longer than " + std::to_string(max_cases_file) + " bytes");
    HOLDFAST_TRY(toml, read_toml(shown, text));
    TomlTable root(toml, shown, "");
    HOLDFAST_TRY(askers, read_askers(root));
    HOLDFAST_TRY(tables, root.tables("case", max_cases));
    std::vector<Case> cases;
    std::set<std::string, std::less<>> names;
    for (TomlTable& table : tables) {
        HOLDFAST_TRY(read, read_case(table, askers));
        if (!names.insert(read.name).second)
            return table.wrong("name", "\"" + read.name + "\" stands there twice");
        cases.push_back(std::move(read));
    }
    HOLDFAST_CHECK(root.finish());
    return cases;
}

}  // namespace holdfast::policy
