#include "policy/limits_file.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/encode/statement.h"

namespace holdfast::policy {
namespace {

constexpr std::string_view of_params = "params.";
constexpr std::string_view per_audience = "audience";

bool is_limit_name(std::string_view name) noexcept {
    return std::ranges::all_of(
        name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

Done read_name(TomlTable& table, Limit& limit) {
    HOLDFAST_TRY(name, table.text("name", max_limit_name));
    if (!is_limit_name(name)) return table.wrong("name", "must be lower-case letters, digits, -");
    limit.name = std::move(name);
    if (!table.has("action")) return done();
    HOLDFAST_TRY(action, table.text("action", max_action_name));
    // A whole word or several: so "refund." or "refu" cannot be meant to cover refund.create.
    if (!encode::is_action_name(action))
        return table.wrong("action", "cannot be the name of an action");
    limit.action = std::move(action);
    return done();
}

Done read_cap(TomlTable& table, Limit& limit) {
    if (table.has("count") == table.has("sum"))
        return table.wrong("count", "either count, or sum with max");
    const bool sums = table.has("sum");
    if (!sums && table.has("max")) return table.wrong("max", "goes with sum, not with count");
    HOLDFAST_TRY(cap, table.integer(sums ? "max" : "count", 1, max_limit_cap));
    limit.cap = static_cast<std::uint64_t>(cap);
    if (!sums) return done();
    HOLDFAST_TRY(field, table.text("sum", max_limit_field));
    if (!is_field_path(field)) return table.wrong("sum", "must be a field, or a.b, of params");
    limit.sum = std::move(field);
    return done();
}

Done read_per(TomlTable& table, Limit& limit) {
    if (!table.has("per")) return done();
    HOLDFAST_TRY(per, table.text("per", of_params.size() + max_limit_field));
    const bool field =
        per.starts_with(of_params) && is_field_path(std::string_view(per).substr(of_params.size()));
    if (per != per_audience && !field)
        return table.wrong("per", "must be \"audience\" or \"params.FIELD\"");
    limit.per = std::move(per);
    return done();
}

Result<Limit> read_limit(TomlTable& table) {
    Limit limit;
    HOLDFAST_CHECK(read_name(table, limit));
    HOLDFAST_CHECK(read_cap(table, limit));
    HOLDFAST_CHECK(read_per(table, limit));
    HOLDFAST_TRY(window, table.integer("window_s", 1, max_limit_window));
    limit.window = window;
    if (table.has("hardware")) {
        HOLDFAST_TRY(hardware, table.flag("hardware"));
        limit.hardware = hardware;
    }
    HOLDFAST_CHECK(table.finish());
    return limit;
}

// What is counted once cannot be counted for two caps, and the lower one would be the only one.
std::string shape_without_name(Limit limit) {
    limit.hardware = false;
    return shape_of(limit);
}

}  // namespace

Result<std::vector<Limit>> read_limits(TomlTable& root) {
    std::vector<Limit> limits;
    if (!root.has("limit")) return limits;
    HOLDFAST_TRY(tables, root.tables("limit", max_limits));
    std::set<std::string> names;
    std::map<std::string, std::string> shapes;
    for (TomlTable& table : tables) {
        HOLDFAST_TRY(limit, read_limit(table));
        if (!names.insert(limit.name).second)
            return table.wrong("name", "\"" + limit.name + "\" stands there twice");
        const auto [first, added] = shapes.try_emplace(shape_without_name(limit), limit.name);
        if (!added) return table.wrong("name", "counts the same as " + first->second);
        limits.push_back(std::move(limit));
    }
    return limits;
}

}  // namespace holdfast::policy
