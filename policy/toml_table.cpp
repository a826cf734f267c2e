#include "policy/toml_table.h"

#include <algorithm>

namespace holdfast::policy {
namespace {

std::uint32_t line_in(const toml::source_region& source) {
    return std::max<std::uint32_t>(source.begin.line, 1);  // 0: the root of an empty file
}

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// Shown to operators and written to the ledger, so nothing may pass for a new line.
bool is_plain(std::string_view text) {
    return std::none_of(text.begin(), text.end(), is_control);
}

// Several lines, as PEM has them; never shown as they are.
bool is_block(std::string_view text) {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return is_control(c) && c != '\n'; });
}

std::string longer_than(std::size_t bytes) {
    return "longer than " + std::to_string(bytes) + " bytes";
}

}  // namespace

Result<toml::table> read_toml(std::string_view file_name, std::string_view text) {
    try {
        return toml::parse(text, file_name);
    } catch (const toml::parse_error& error) {
        const std::string where =
            std::string(file_name) + ":" + std::to_string(error.source().begin.line) + ": ";
        // It quotes the character it stumbled over, also a line feed.
        return Error(Code::invalid, in_one_line(where + std::string(error.description())));
    }
}

std::string in_one_line(std::string text) {
    std::replace_if(text.begin(), text.end(), is_control, '?');
    return text;
}

std::uint32_t TomlTable::line() const {
    return line_in(table_->source());
}

std::uint32_t TomlTable::line_of(std::string_view key) const {
    const toml::node* node = table_->get(key);
    return node == nullptr ? line() : line_in(node->source());
}

Error TomlTable::wrong_at(std::uint32_t line, std::string_view key, std::string_view what) const {
    std::string text = file_ + ":" + std::to_string(line) + ": ";
    if (!path_.empty()) text.append(path_).append(key.empty() ? "" : ".");
    text.append(key).append(": ").append(what);
    return {Code::invalid, in_one_line(std::move(text))};
}

Error TomlTable::wrong(std::string_view key, std::string_view what) const {
    return wrong_at(line_of(key), key, what);
}

Result<const toml::node*> TomlTable::required(std::string_view key) {
    asked_.emplace(key);
    const toml::node* node = table_->get(key);
    if (node == nullptr) return wrong(key, "is missing");
    return node;
}

Result<std::string> TomlTable::text(std::string_view key, std::size_t max_bytes) {
    HOLDFAST_TRY(node, required(key));
    const auto* string = node->as_string();
    if (string == nullptr) return wrong(key, "must be a string");
    if ((*string)->empty()) return wrong(key, "must not be empty");
    if ((*string)->size() > max_bytes) return wrong(key, longer_than(max_bytes));
    if (!is_plain(**string)) return wrong(key, "must not contain control characters");
    return **string;
}

Result<std::int64_t> TomlTable::integer(std::string_view key, std::int64_t low, std::int64_t high) {
    HOLDFAST_TRY(node, required(key));
    const auto* number = node->as_integer();
    if (number == nullptr) return wrong(key, "must be an integer");
    const std::int64_t value = **number;
    if (value < low || value > high)
        return wrong(key, "must be from " + std::to_string(low) + " to " + std::to_string(high));
    return value;
}

Result<std::vector<std::string>> TomlTable::texts(std::string_view key, std::size_t max_count,
                                                  std::size_t max_bytes) {
    return strings(key, {max_count, max_bytes, is_plain});
}

Result<std::vector<std::string>> TomlTable::blocks(std::string_view key, std::size_t max_count,
                                                   std::size_t max_bytes) {
    return strings(key, {max_count, max_bytes, is_block});
}

Result<std::vector<std::string>> TomlTable::strings(std::string_view key, const Kind& kind) {
    HOLDFAST_TRY(node, required(key));
    const toml::array* array = node->as_array();
    if (array == nullptr) return wrong(key, "must be an array of strings");
    if (array->size() > kind.max_count)
        return wrong(key, "more than " + std::to_string(kind.max_count) + " entries");
    std::vector<std::string> texts;
    for (const toml::node& element : *array) {
        const std::uint32_t line = line_in(element.source());
        const auto* string = element.as_string();
        if (string == nullptr) return wrong_at(line, key, "must hold strings only");
        const std::string& text = **string;
        if (text.empty()) return wrong_at(line, key, "must not hold an empty string");
        if (text.size() > kind.max_bytes) return wrong_at(line, key, longer_than(kind.max_bytes));
        if (!kind.valid(text)) return wrong_at(line, key, "must not contain control characters");
        if (std::find(texts.begin(), texts.end(), text) != texts.end())
            return wrong_at(line, key, "\"" + text + "\" stands there twice");
        texts.push_back(text);
    }
    return texts;
}

Result<std::vector<std::int64_t>> TomlTable::integers(std::string_view key, std::size_t max_count,
                                                      std::int64_t low, std::int64_t high) {
    HOLDFAST_TRY(node, required(key));
    const toml::array* array = node->as_array();
    if (array == nullptr) return wrong(key, "must be an array of integers");
    if (array->size() > max_count)
        return wrong(key, "more than " + std::to_string(max_count) + " entries");
    std::vector<std::int64_t> numbers;
    for (const toml::node& element : *array) {
        const auto* number = element.as_integer();
        if (number == nullptr || **number < low || **number > high)
            return wrong_at(line_in(element.source()), key,
                            "must hold integers from " + std::to_string(low) + " to " +
                                std::to_string(high) + " only");
        numbers.push_back(**number);
    }
    return numbers;
}

Result<bool> TomlTable::flag(std::string_view key) {
    HOLDFAST_TRY(node, required(key));
    const auto* flag = node->as_boolean();
    if (flag == nullptr) return wrong(key, "must be true or false");
    return **flag;
}

Result<TomlTable> TomlTable::table(std::string_view key) {
    HOLDFAST_TRY(node, required(key));
    const std::string path = path_.empty() ? std::string(key) : path_ + "." + std::string(key);
    const toml::table* table = node->as_table();
    if (table == nullptr) return wrong(key, "must be a table: [" + path + "]");
    return TomlTable(*table, file_, path);
}

Result<std::vector<TomlTable>> TomlTable::tables(std::string_view key, std::size_t max_count) {
    HOLDFAST_TRY(node, required(key));
    const std::string path = path_.empty() ? std::string(key) : path_ + "." + std::string(key);
    const toml::array* array = node->as_array();
    if (array == nullptr) return wrong(key, "must be tables: [[" + path + "]]");
    if (array->size() > max_count)
        return wrong(key, "more than " + std::to_string(max_count) + " of them");
    std::vector<TomlTable> tables;
    for (const toml::node& element : *array) {
        const toml::table* table = element.as_table();
        if (table == nullptr)
            return wrong_at(line_in(element.source()), key, "must be tables: [[" + path + "]]");
        tables.emplace_back(*table, file_, path);
    }
    return tables;
}

Done TomlTable::finish() const {
    for (const auto& [key, node] : *table_)
        if (!asked_.contains(key.str()))
            return wrong_at(line_in(key.source()), key.str(), "unknown key");
    return done();
}

}  // namespace holdfast::policy
