// TomlTable: the values that stand for something else, a moment or a JSON object.
#include <chrono>

#include "core/encode/json.h"
#include "policy/toml_table.h"

namespace holdfast::policy {
namespace {

using encode::Json;

constexpr const char* too_deep = "nested too deeply";
constexpr const char* no_json =
    "must hold strings, integers within 2^53 - 1, bools, arrays, tables";

// The first thing that has no word in JSON ends it: `wrong` says what.
class Converter {
  public:
    // NOLINTNEXTLINE(misc-no-recursion): `levels` ends it.
    Json of(const toml::node& node, std::size_t levels) {
        if (const auto* text = node.as_string()) return Json(**text);
        if (const auto* flag = node.as_boolean()) return Json(**flag);
        if (const auto* number = node.as_integer()) return of(**number);
        if (levels == 0) return fail(too_deep);
        if (const auto* table = node.as_table()) return of(*table, levels - 1);
        if (const auto* array = node.as_array()) return of(*array, levels - 1);
        return fail(no_json);
    }

    const char* wrong = nullptr;

  private:
    Json of(std::int64_t number) {
        if (number > encode::max_json_integer || number < -encode::max_json_integer)
            return fail(no_json);
        return {number};
    }
    // NOLINTNEXTLINE(misc-no-recursion): `levels` ends it.
    Json of(const toml::table& table, std::size_t levels) {
        Json::Object object;
        for (const auto& [key, node] : table)
            object.emplace(key.str(), of(node, levels));
        return {std::move(object)};
    }
    // NOLINTNEXTLINE(misc-no-recursion): `levels` ends it.
    Json of(const toml::array& array, std::size_t levels) {
        Json::Array elements;
        for (const toml::node& node : array)
            elements.push_back(of(node, levels));
        return {std::move(elements)};
    }
    Json fail(const char* what) {
        wrong = what;
        return {};
    }
};

}  // namespace

Result<std::string> TomlTable::json(std::string_view key, std::size_t max_depth) {
    HOLDFAST_TRY(node, required(key));
    if (!node->is_table()) return wrong(key, "must be a table");
    Converter converter;
    const Json object = converter.of(*node, max_depth);
    if (converter.wrong != nullptr) return wrong(key, converter.wrong);
    return encode::canonical(object);
}

Result<std::int64_t> TomlTable::time(std::string_view key) {
    HOLDFAST_TRY(node, required(key));
    const auto* moment = node->as_date_time();
    if (moment == nullptr || !(*moment)->offset)
        return wrong(key, "must be a time with its offset, without quotes: 2026-01-05T23:30:00Z");
    namespace chrono = std::chrono;
    const toml::date_time& given = **moment;
    const chrono::year_month_day date{chrono::year(given.date.year),
                                      chrono::month(given.date.month), chrono::day(given.date.day)};
    const auto since_midnight = chrono::hours(given.time.hour) +
                                chrono::minutes(given.time.minute) +
                                chrono::seconds(given.time.second);
    const auto utc =
        chrono::sys_days(date) + since_midnight - chrono::minutes(given.offset->minutes);
    const std::int64_t seconds = utc.time_since_epoch().count();
    if (seconds < 0) return wrong(key, "must not be before 1970");
    return seconds;
}

}  // namespace holdfast::policy
