#include "daemon/state/policy_rows.h"

#include <utility>

namespace holdfast::daemon {
namespace {

Done check_step(const PolicyRows& known, const PolicyRow& row) {
    const auto before = known.find(row.name);
    if (before == known.end() || before->second.version <= row.version) return done();
    return Error(Code::conflict, "policy set " + row.name + ": version " +
                                     std::to_string(row.version) + " is older than " +
                                     std::to_string(before->second.version))
        .because("policy_older");
}

}  // namespace

Result<PolicyRows> read_policy_rows(const Database& database) {
    PolicyRows rows;
    HOLDFAST_TRY(query, database.prepare("SELECT name, version, text, signature FROM policy_set"));
    while (true) {
        HOLDFAST_TRY(more, query.step());
        if (!more) return rows;
        PolicyRow row{query.text(0), query.integer(1), query.text(2), query.text(3)};
        if (row.name.empty() || row.version < 1)
            return Error(Code::invalid, "registry: damaged: policy set " + row.name);
        std::string name = row.name;
        rows.insert_or_assign(std::move(name), std::move(row));
    }
}

Done write_policy_rows(const Database& database, const PolicyRows& known, const PolicyRows& rows) {
    for (const auto& [name, row] : rows) {
        HOLDFAST_CHECK(check_step(known, row));
        HOLDFAST_TRY(insert, database.prepare("INSERT OR REPLACE INTO policy_set (name, version,"
                                              " text, signature) VALUES (?,?,?,?)"));
        HOLDFAST_CHECK(
            insert.bind(row.name).bind(row.version).bind(row.text).bind(row.signature).run());
    }
    return done();
}

}  // namespace holdfast::daemon
