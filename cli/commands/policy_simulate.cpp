// holdfast policy simulate: what other policies would have made of what a ledger recorded.
#include "cli/commands/policy.h"
#include "cli/commands/policy_files.h"
#include "cli/show.h"
#include "ledger/reader.h"
#include "policy/replay.h"

namespace holdfast::cli {
namespace {

using encode::Json;
using policy::Counts;
using policy::Replayed;

// --against DIR or --ledger DIR.
Result<std::string> ledger_of(const Values& values) {
    auto folder = values.get("against");
    if (!folder) folder = values.get("ledger");
    if (!folder) return Error(Code::invalid, "--against is missing: a ledger's folder");
    return *std::move(folder);
}

Result<Replayed> replayed(const Values& values) {
    HOLDFAST_TRY(folder, ledger_of(values));
    HOLDFAST_TRY(policies, policies_from(values, values.operands()));
    policy::Replay replay(policies);
    const ledger::Visit visit = [&replay](const ledger::Record& record) {
        return replay.take(record.type, record.index, record.time, record.members);
    };
    HOLDFAST_TRY(head, ledger::read_ledger(folder, visit));
    (void)head;
    return replay.replayed();
}

Json row_of(const policy::Change& change) {
    return Json::Object{
        {"action", change.action},     {"agent", change.agent},
        {"audience", change.audience}, {"sequence", static_cast<std::int64_t>(change.sequence)},
        {"time", change.time},         {"was", change.was},
        {"would_be", change.would_be}};
}

Json::Array rows_of(const Replayed& all) {
    Json::Array rows;
    for (const policy::Change& change : all.changes)
        rows.emplace_back(row_of(change));
    return rows;
}

Json json_of(std::uint64_t count) {
    return static_cast<std::int64_t>(count);
}

Json json_of(const Counts& counts) {
    Json::Object object;
    for (const auto& [what, count] : counts)
        object.emplace(what, json_of(count));
    return object;
}

Json json_of(const Replayed& all) {
    Json::Object refusals{{"besides", json_of(all.refused_besides)},
                          {"now_permitted", json_of(all.now_permitted)},
                          {"still_denied", json_of(all.still_denied)},
                          {"summed", json_of(all.refused_summed)},
                          {"undecided", json_of(all.undecided)}};
    return Json::Object{
        {"actions", json_of(all.actions)},           {"by_rule", json_of(all.by_rule)},
        {"changed", json_of(all.changed)},           {"changes", rows_of(all)},
        {"not_replayed", json_of(all.not_replayed)}, {"other_rules", json_of(all.other_rules)},
        {"refusals", std::move(refusals)},           {"same", json_of(all.same)}};
}

std::string lines_of_counts(const Counts& counts) {
    std::string text;
    for (const auto& [what, count] : counts)
        text += "  " + std::to_string(count) + ' ' + plain(what) + '\n';
    return text;
}

std::string of_actions(const Replayed& all) {
    std::string text =
        std::to_string(all.actions) + " actions decided again: " + std::to_string(all.same) +
        " the same, " + std::to_string(all.other_rules) + " signed by other rules, " +
        std::to_string(all.changed) + " would change\n" + lines_of_counts(all.by_rule);
    std::uint64_t others = 0;
    for (const auto& [why, count] : all.not_replayed)
        others += count;
    if (others == 0) return text;
    return text + std::to_string(others) + " actions not decided again\n" +
           lines_of_counts(all.not_replayed);
}

std::string of_refusals(const Replayed& all) {
    const Counts said = {
        {"depend on what is not on record (conditions, custody, assurance, manifest)",
         all.undecided},
        {"over budget, of which only the number is on record", all.refused_summed},
        {"would be denied still, whatever else was asked", all.still_denied},
        {"would be permitted, whatever else was asked", all.now_permitted},
    };
    const std::uint64_t judged =
        all.undecided + all.refused_summed + all.still_denied + all.now_permitted;
    std::string text = std::to_string(judged) +
                       " refusals, of which the ledger has no parameters: not replayed, but judged "
                       "by agent, action and audience\n";
    for (const auto& [what, count] : said)
        if (count > 0) text += "  " + std::to_string(count) + ' ' + what + '\n';
    if (all.refused_besides > 0)
        text += std::to_string(all.refused_besides) +
                " refusals by limits, containment or recognition, whatever policies say\n";
    return text;
}

std::string text_of(const Replayed& all) {
    std::string text;
    if (!all.changes.empty())
        text += table_of(rows_of(all),
                         {"sequence", "time", "agent", "action", "audience", "was", "would_be"});
    const std::uint64_t listed = all.changes.size();
    const std::uint64_t changes = all.changed + all.now_permitted;
    if (changes > listed) text += "and " + std::to_string(changes - listed) + " more\n";
    if (!text.empty()) text += '\n';
    return text + of_actions(all) + of_refusals(all);
}

}  // namespace

Exit policy_simulate(const Globals& globals, const Values& values) {
    const auto all = replayed(values);
    if (!all) return fail_with_lines(globals, all.error());
    return show(globals, answer_of(json_of(*all)), text_of(*all));
}

}  // namespace holdfast::cli
