// holdfast policy test: a table of requests, each decided and held against what was expected.
#include "cli/commands/policy.h"

#include "cli/ask.h"
#include "cli/commands/policy_files.h"
#include "cli/show.h"
#include "policy/cases.h"

namespace holdfast::cli {
namespace {

using encode::Json;

struct Tested {
    Json::Array rows;
    std::vector<std::vector<std::string>> differences;  // of each row
    std::size_t differing = 0;
};

Json row_of(const policy::Case& asked, const Result<policy::Decision>& decided,
            const std::vector<std::string>& differences) {
    Json::Object row;
    row["case"] = asked.name;
    row["differences"] = Json::Array(differences.begin(), differences.end());
    row["line"] = static_cast<std::int64_t>(asked.line);
    row["result"] = differences.empty() ? "ok" : "DIFFERS";
    if (!decided) return row;
    row["approvals"] = static_cast<std::int64_t>(decided->demand.approvals);
    row["decision"] = decided->permitted ? "permit" : "deny";
    row["rules"] = Json::Array(decided->rules.begin(), decided->rules.end());
    return row;
}

Tested tested(const policy::Policies& policies, const std::vector<policy::Case>& cases) {
    Tested all;
    for (const policy::Case& asked : cases) {
        const auto decided = policies.decide(asked.agent, asked.situation, asked.action);
        auto found = differences(asked.expected, decided);
        if (!found.empty()) ++all.differing;
        all.rows.emplace_back(row_of(asked, decided, found));
        all.differences.push_back(std::move(found));
    }
    return all;
}

// The table, and under each line what differs.
std::string text_of(const Tested& all) {
    const std::string table = table_of(all.rows, {"result", "case", "decision", "rules"});
    std::size_t begin = table.find('\n') + 1;
    std::string text = table.substr(0, begin);
    for (const auto& differences : all.differences) {
        const std::size_t end = table.find('\n', begin) + 1;
        text += table.substr(begin, end - begin);
        for (const std::string& difference : differences)
            text += "    " + plain(difference) + '\n';
        begin = end;
    }
    return text + std::to_string(all.rows.size()) + " cases, " + std::to_string(all.differing) +
           (all.differing == 1 ? " differs\n" : " differ\n");
}

Result<Tested> run(const Values& values) {
    const std::string& path = values.operands().front();
    HOLDFAST_TRY(text, read_text(path, policy::max_cases_file));
    HOLDFAST_TRY(cases, policy::parse_cases(path, text));
    HOLDFAST_TRY(policies,
                 policies_from(values, {values.operands().begin() + 1, values.operands().end()}));
    return tested(policies, cases);
}

}  // namespace

Exit policy_test(const Globals& globals, const Values& values) {
    auto all = run(values);
    if (!all) return fail_with_lines(globals, all.error());
    const std::string text = text_of(*all);
    Json::Object object;
    object["cases"] = std::move(all->rows);
    object["differing"] = static_cast<std::int64_t>(all->differing);
    const Exit shown = show(globals, answer_of(std::move(object)), text);
    return shown == Exit::ok && all->differing > 0 ? Exit::error : shown;
}

}  // namespace holdfast::cli
