#include "cli/show.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>
#include <iostream>
#include <utility>

namespace holdfast::cli {
namespace {

constexpr std::int64_t year_2000 = 946684800;

// docs/protocol.md: every time is Unix seconds, and its name says that it is one.
bool is_time(std::string_view name, std::int64_t value) {
    constexpr std::array<std::string_view, 6> names = {"time",  "not_after",   "not_before",
                                                       "since", "renew_after", "started"};
    const bool named = std::find(names.begin(), names.end(), name) != names.end();
    return value >= year_2000 && (named || name.ends_with("_at"));
}

std::string value_text(std::string_view name, const encode::Json& value) {
    if (value.integer() != nullptr && is_time(name, *value.integer())) return utc(*value.integer());
    return plain(value);
}

bool is_scalar(const encode::Json& value) {
    return value.object() == nullptr && value.array() == nullptr;
}

bool is_list_of_scalars(const encode::Json::Array& items) {
    return std::all_of(items.begin(), items.end(), is_scalar);
}

// Depth is bounded by the parser (max_json_depth).
// NOLINTNEXTLINE(misc-no-recursion)
void append_lines(std::string& text, const encode::Json::Object& object, std::size_t indent) {
    const std::string margin(indent, ' ');
    for (const auto& [name, value] : object) {
        text += margin + printable(name) + ":";
        if (const auto* inner = value.object(); inner != nullptr) {
            text += '\n';
            append_lines(text, *inner, indent + 2);
            continue;
        }
        const auto* items = value.array();
        if (items == nullptr || is_list_of_scalars(*items)) {
            text += ' ' + value_text(name, value) + '\n';
            continue;
        }
        text += '\n';
        for (const auto& item : *items)
            text += margin + "  - " + plain(item) + '\n';
    }
}

using Row = std::vector<std::string>;
using Rows = std::vector<Row>;

Row titles_of(const std::vector<std::string>& columns) {
    Row titles = columns;
    for (auto& title : titles)
        std::transform(title.begin(), title.end(), title.begin(), [](unsigned char letter) {
            return static_cast<char>(letter == '_' ? ' ' : std::toupper(letter));
        });
    return titles;
}

Row row_of(const encode::Json& item, const std::vector<std::string>& columns) {
    Row row;
    for (const auto& column : columns) {
        const auto* value = item.find(column);
        row.push_back(value == nullptr ? "-" : value_text(column, *value));
    }
    return row;
}

std::string aligned(const Rows& rows) {
    std::vector<std::size_t> widths(rows.front().size(), 0);
    for (const auto& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], row[i].size());
    std::string text;
    for (const auto& row : rows) {
        for (std::size_t i = 0; i + 1 < row.size(); ++i)
            text += row[i] + std::string(widths[i] - row[i].size() + 2, ' ');
        text += row.back() + '\n';
    }
    return text;
}

}  // namespace

std::string utc(std::int64_t seconds) {
    const std::time_t time = seconds;
    std::tm parts = {};
    std::array<char, 32> text = {};
    if (::gmtime_r(&time, &parts) == nullptr) return std::to_string(seconds);
    const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return {text.data(), size};
}

// One level: only lists of scalars are joined.
// NOLINTNEXTLINE(misc-no-recursion)
std::string plain(const encode::Json& value) {
    if (value.is_null()) return "-";
    if (value.string() != nullptr)
        return value.string()->empty() ? "-" : printable(*value.string());
    if (value.array() == nullptr || !is_list_of_scalars(*value.array()))
        return printable(encode::canonical(value));  // which escapes only some of them
    std::string joined;
    for (const auto& item : *value.array())
        joined += (joined.empty() ? "" : ", ") + plain(item);
    return joined.empty() ? "-" : joined;
}

std::string lines_of(const encode::Json& json) {
    if (json.object() == nullptr) return plain(json) + "\n";
    std::string text;
    append_lines(text, *json.object(), 0);
    return text;
}

std::string table_of(const encode::Json& array, const std::vector<std::string>& columns) {
    Rows rows = {titles_of(columns)};
    if (array.array() != nullptr)
        for (const auto& item : *array.array())
            rows.push_back(row_of(item, columns));
    return aligned(rows);
}

Answered answer_of(encode::Json json) {
    std::string body = encode::canonical(json);
    return {std::move(body), std::move(json)};
}

Exit show(const Globals& globals, const Answered& answered, std::string_view people) {
    std::cout << (globals.json ? std::string_view(answered.body) : people);
    if (globals.json && !answered.body.ends_with('\n')) std::cout << '\n';
    std::cout << std::flush;
    if (std::cout) return Exit::ok;
    return fail(globals, Error(Code::internal, "standard output: writing failed"));
}

}  // namespace holdfast::cli
