// Showing the daemon's JSON to people: "name: value" lines and tables.
#ifndef HOLDFAST_CLI_SHOW_H
#define HOLDFAST_CLI_SHOW_H

#include <string>
#include <string_view>
#include <vector>

#include "cli/ask.h"
#include "cli/globals.h"
#include "core/encode/json.h"

namespace holdfast::cli {

// What a command found out by itself, to be shown as an answer is.
Answered answer_of(encode::Json json);

// With --json the daemon's own bytes; else `people`.
Exit show(const Globals& globals, const Answered& answered, std::string_view people);

// One line per member, nested members indented; members named *_at, time, not_… as UTC.
std::string lines_of(const encode::Json& json);

// One row per object of the array, the given members as columns.
std::string table_of(const encode::Json& array, const std::vector<std::string>& columns);

// A value on one line, with control characters taken out.
std::string plain(const encode::Json& value);

std::string utc(std::int64_t seconds);

}  // namespace holdfast::cli

#endif  // HOLDFAST_CLI_SHOW_H
