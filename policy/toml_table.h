// TomlTable: reads one TOML table key by key, names file and line of every error, and refuses keys
// nobody asked for.
#ifndef HOLDFAST_POLICY_TOML_TABLE_H
#define HOLDFAST_POLICY_TOML_TABLE_H

#include <toml++/toml.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/result.h"

namespace holdfast::policy {

// One line for operators: what a file may quote into an error must not pass for a line of its own.
std::string in_one_line(std::string text);

// Errors name file and line.
Result<toml::table> read_toml(std::string_view file_name, std::string_view text);

class TomlTable {
  public:
    // The table must outlive this. `path` is what stands between the brackets; empty for the root.
    TomlTable(const toml::table& table, std::string file, std::string path)
        : table_(&table), file_(std::move(file)), path_(std::move(path)) {}

    bool has(std::string_view key) const { return table_->contains(key); }
    std::uint32_t line() const;                         // where the table begins
    std::uint32_t line_of(std::string_view key) const;  // of the key's value, else line()

    // Not empty, no control characters.
    Result<std::string> text(std::string_view key, std::size_t max_bytes);
    Result<std::int64_t> integer(std::string_view key, std::int64_t low, std::int64_t high);
    Result<std::vector<std::string>> texts(std::string_view key, std::size_t max_count,
                                           std::size_t max_bytes);
    // The same, but each may have several lines.
    Result<std::vector<std::string>> blocks(std::string_view key, std::size_t max_count,
                                            std::size_t max_bytes);
    Result<std::vector<std::int64_t>> integers(std::string_view key, std::size_t max_count,
                                               std::int64_t low, std::int64_t high);
    Result<bool> flag(std::string_view key);
    // Unix seconds of an offset date-time (RFC 3339, as TOML writes it: without quotes), from 1970.
    Result<std::int64_t> time(std::string_view key);
    // A table as the JSON object it stands for, canonical, of max_depth levels at most; our JSON
    // has no word for fractions and times.
    Result<std::string> json(std::string_view key, std::size_t max_depth);
    bool holds_text(std::string_view key) const { return (*table_)[key].is_string(); }
    Result<TomlTable> table(std::string_view key);
    Result<std::vector<TomlTable>> tables(std::string_view key, std::size_t max_count);  // [[key]]

    Done finish() const;

    // "NAME.toml:LINE: path.key: what"
    Error wrong(std::string_view key, std::string_view what) const;
    Error wrong_at(std::uint32_t line, std::string_view key, std::string_view what) const;

  private:
    struct Kind {
        std::size_t max_count;
        std::size_t max_bytes;
        bool (*valid)(std::string_view);
    };
    Result<std::vector<std::string>> strings(std::string_view key, const Kind& kind);
    Result<const toml::node*> required(std::string_view key);

    const toml::table* table_;
    std::string file_;
    std::string path_;
    std::set<std::string, std::less<>> asked_;
};

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_TOML_TABLE_H
