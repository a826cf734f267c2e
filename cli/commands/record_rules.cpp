// Which rules a record names, and what the files at hand say of them.
#include <algorithm>

#include "cli/commands/record_words.h"
#include "core/encode/base64.h"
#include "holdfast/agent_id.h"

namespace holdfast::cli {
namespace {

using encode::Json;

const Json* member(const ledger::Record& record, std::string_view name) {
    const auto found = record.members.find(name);
    return found == record.members.end() ? nullptr : &found->second;
}

// Of an action its own, of a refusal what was asked.
const Json* policy_in(const ledger::Record& record) {
    if (const Json* own = member(record, "policy")) return own;
    const Json* asked = member(record, "asked");
    return asked == nullptr ? nullptr : asked->find("policy");
}

const Json::Array& array_in(const Json* object, std::string_view name) {
    static const Json::Array none;
    const Json* value = object == nullptr ? nullptr : object->find(name);
    return value == nullptr || value->array() == nullptr ? none : *value->array();
}

std::string text_in(const Json& object, std::string_view name) {
    const Json* value = object.find(name);
    return value == nullptr || value->string() == nullptr ? std::string() : *value->string();
}

std::string annotation(const policy::cedar::Policy& rule, std::string_view name) {
    const auto* found = rule.annotation(name);
    return found == nullptr ? std::string() : found->value;
}

// Why this file is not the text that decided; empty: it is.
std::string other_text(const policy::PolicySet& file, const std::vector<SetVersion>& sets,
                       const Around& around) {
    const auto used = std::ranges::find(sets, file.name, &SetVersion::first);
    if (used == sets.end()) return "the record does not say of which version";
    if (used->second != file.version)
        return "the file given is version " + std::to_string(file.version);
    const auto applied = around.texts.find(*used);
    if (applied != around.texts.end() && applied->second != encode::hex(file.digest))
        return "the file given is another text of that version";
    return {};
}

ExplainedRule explained(const std::string& name, const std::vector<SetVersion>& sets,
                        const Around& around, const policy::PolicySets& given) {
    const auto colon = name.find(':');
    const auto file = given.find(name.substr(0, colon));
    if (colon == std::string::npos || file == given.end())
        return {name, "its file is not given", {}, {}};
    const policy::PolicySet& set = file->second;
    if (std::string note = other_text(set, sets, around); !note.empty())
        return {name, std::move(note), {}, {}};
    const auto rule =
        std::ranges::find(set.rules.policies, name.substr(colon + 1), &policy::cedar::Policy::id);
    if (rule == set.rules.policies.end()) return {name, "the file given has no such rule", {}, {}};
    return {name, {}, annotation(*rule, "reason"), annotation(*rule, "owner")};
}

}  // namespace

std::string agent_of(const ledger::Record& record) {
    const Json* agent = member(record, "agent");
    if (const Json* statement = member(record, "statement")) {
        const auto id = parse_agent_id(text_in(*statement, "agent"));
        return id ? id->name : std::string();
    }
    return agent == nullptr || agent->string() == nullptr ? std::string() : *agent->string();
}

std::vector<SetVersion> sets_of(const ledger::Record& record) {
    std::vector<SetVersion> sets;
    const Json* policy = policy_in(record);
    for (const char* name : {"sets", "observed"})
        for (const Json& source : array_in(policy, name)) {
            const Json* version = source.find("version");
            if (version != nullptr && version->integer() != nullptr)
                sets.emplace_back(text_in(source, "set"), *version->integer());
        }
    return sets;
}

std::vector<ExplainedRule> explained_rules(const ledger::Record& record, const Around& around,
                                           const policy::PolicySets& given) {
    std::vector<ExplainedRule> all;
    const auto sets = sets_of(record);
    for (const Json& rule : array_in(policy_in(record), "rules"))
        if (rule.string() != nullptr) all.push_back(explained(*rule.string(), sets, around, given));
    return all;
}

}  // namespace holdfast::cli
