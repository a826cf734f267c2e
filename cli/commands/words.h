// Words: "  name        value" lines of what people read, without control characters.
#ifndef HOLDFAST_CLI_COMMANDS_WORDS_H
#define HOLDFAST_CLI_COMMANDS_WORDS_H

#include <string>

#include "core/encode/json.h"
#include "holdfast/action.h"

namespace holdfast::cli {

std::string word_line(const char* name, const encode::Json& value);

// What is wanted, where and for whom: every member of an action, its parameters a line each.
std::string action_words(const Action& action);

}  // namespace holdfast::cli

#endif  // HOLDFAST_CLI_COMMANDS_WORDS_H
