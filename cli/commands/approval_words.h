// An approval in plain words, read from the very bytes that are signed.
#ifndef HOLDFAST_CLI_COMMANDS_APPROVAL_WORDS_H
#define HOLDFAST_CLI_COMMANDS_APPROVAL_WORDS_H

#include <string>
#include <string_view>

#include "holdfast/result.h"

namespace holdfast::cli {

// Who wants what, by which code, until when, and who is asked; one line each, without control
// characters. invalid: no document, or not the one of this id.
Result<std::string> approval_words(std::string_view id, std::string_view document);

}  // namespace holdfast::cli

#endif  // HOLDFAST_CLI_COMMANDS_APPROVAL_WORDS_H
