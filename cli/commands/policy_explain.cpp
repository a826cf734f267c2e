// holdfast policy explain: one record of a ledger, and what the ledger says around it.
#include <algorithm>
#include <charconv>

#include "cli/ask.h"
#include "cli/commands/policy.h"
#include "cli/commands/policy_files.h"
#include "cli/commands/record_words.h"
#include "cli/show.h"
#include "ledger/reader.h"

namespace holdfast::cli {
namespace {

using encode::Json;

struct Explained {
    ledger::Record record;
    Around around;
    policy::Policies given;
};

const Json* member(const ledger::Record& record, std::string_view name) {
    const auto found = record.members.find(name);
    return found == record.members.end() ? nullptr : &found->second;
}

std::optional<std::uint64_t> sequence_in(const std::string& text) {
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, problem] = std::from_chars(text.data(), end, number);
    if (problem != std::errc() || rest != end) return std::nullopt;
    return number;
}

Result<ledger::Record> record_in(const std::string& path) {
    HOLDFAST_TRY(text, read_text(path, ledger::max_record + 1));
    while (text.ends_with('\n'))
        text.pop_back();
    auto record = ledger::decode_record(view_of(text));
    if (!record) return std::move(record).error().within(path);
    return record;
}

// The record, and what came of it after.
Result<ledger::Record> find_record(const std::string& folder, std::uint64_t sequence,
                                   Around& around) {
    std::optional<ledger::Record> found;
    const auto look = [&](const ledger::Record& record) {
        if (record.index == sequence) found = record;
        const Json* of = record.type == "withheld" ? member(record, "sequence") : nullptr;
        if (of != nullptr && of->integer() != nullptr && *of->integer() >= 0 &&
            static_cast<std::uint64_t>(*of->integer()) == sequence)
            around.withheld = record;
        return done();
    };
    HOLDFAST_TRY(head, ledger::read_ledger(folder, look));
    if (found) return *std::move(found);
    return Error(Code::not_found,
                 "the ledger has " + std::to_string(head.size) + " records, from 0");
}

// What was in force before it: its agent's declaration, and the texts of its sets.
Done look_before(const std::string& folder, const ledger::Record& record, Around& around) {
    const std::string agent = agent_of(record);
    const auto sets = sets_of(record);
    const auto look = [&](const ledger::Record& before) {
        if (before.index >= record.index) return done();
        if (before.type == "agent" && agent_of(before) == agent) around.agent = before;
        if (before.type != "policy") return done();
        const Json* set = member(before, "set");
        const Json* version = member(before, "version");
        const Json* digest = member(before, "file_sha256");
        if (set == nullptr || version == nullptr || digest == nullptr || set->string() == nullptr ||
            version->integer() == nullptr || digest->string() == nullptr)
            return done();
        SetVersion key(*set->string(), *version->integer());
        if (std::ranges::find(sets, key) != sets.end())
            around.texts.insert_or_assign(std::move(key), *digest->string());
        return done();
    };
    HOLDFAST_TRY(head, ledger::read_ledger(folder, look));
    (void)head;
    return done();
}

// --policies, or none.
Result<policy::Policies> given_by(const Values& values) {
    if (values.has("policies")) return policies_from(values, {});
    return policy::Policies();
}

// A record that was handed over is the ledger's own, or it is explained by no ledger.
Done check_same(const ledger::Record& given, const ledger::Record& kept) {
    HOLDFAST_TRY(one, ledger::encode_record(given));
    HOLDFAST_TRY(other, ledger::encode_record(kept));
    if (one == other) return done();
    return Error(Code::conflict, "the ledger has another record " + std::to_string(given.index));
}

Result<Explained> explain(const Values& values) {
    const std::string& which = values.operands().front();
    const auto folder = values.get("ledger");
    const auto sequence = sequence_in(which);
    if (sequence && !folder)
        return Error(Code::invalid, "--ledger is missing: the folder with that record");
    Explained all;
    HOLDFAST_TRY(given, given_by(values));
    all.given = std::move(given);
    if (!sequence) {
        HOLDFAST_TRY(record, record_in(which));
        all.record = std::move(record);
    }
    if (!folder) return all;
    const std::uint64_t index = sequence ? *sequence : all.record.index;
    HOLDFAST_TRY(kept, find_record(*folder, index, all.around));
    if (!sequence) HOLDFAST_CHECK(check_same(all.record, kept));
    all.record = std::move(kept);
    HOLDFAST_CHECK(look_before(*folder, all.record, all.around));
    return all;
}

Json json_of(const std::optional<ledger::Record>& record) {
    if (!record) return {};
    Json::Object object = record->members;
    object["index"] = static_cast<std::int64_t>(record->index);
    object["time"] = record->time;
    object["type"] = record->type;
    return object;
}

Json json_of(const Explained& all) {
    Json::Array rules;
    for (const ExplainedRule& rule : explained_rules(all.record, all.around, all.given.sets()))
        rules.emplace_back(Json::Object{{"note", rule.note},
                                        {"owner", rule.owner},
                                        {"reason", rule.reason},
                                        {"rule", rule.rule}});
    return Json::Object{{"agent", json_of(all.around.agent)},
                        {"record", json_of(std::optional(all.record))},
                        {"rules", std::move(rules)},
                        {"withheld", json_of(all.around.withheld)}};
}

}  // namespace

Exit policy_explain(const Globals& globals, const Values& values) {
    const auto all = explain(values);
    if (!all) return fail_with_lines(globals, all.error());
    return show(globals, answer_of(json_of(*all)),
                record_words(all->record, all->around, all->given.sets()));
}

}  // namespace holdfast::cli
