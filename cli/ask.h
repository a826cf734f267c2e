// Asking the daemon: one request, its JSON answer or the Error it stood for.
#ifndef HOLDFAST_CLI_ASK_H
#define HOLDFAST_CLI_ASK_H

#include <chrono>
#include <string>
#include <string_view>

#include "core/encode/json.h"
#include "holdfast/result.h"

namespace holdfast::cli {

struct Answered {
    std::string body;  // as the daemon sent it
    encode::Json json;
};

// A status of 400 or more becomes the Error of its problem+json.
Result<Answered> get_from(const std::string& socket, std::string_view target);
// The same for an answer that is no JSON: its bytes.
Result<std::string> bytes_from(const std::string& socket, std::string_view target);
Result<Answered> post_to(const std::string& socket, std::string_view target,
                         const encode::Json& request);
// For what may take longer than any other request.
Result<Answered> post_to(const std::string& socket, std::string_view target,
                         const encode::Json& request, std::chrono::milliseconds patience);

// Whole files, with a bound; "-" is standard input or output.
Result<std::string> read_text(const std::string& path, std::size_t max_bytes);
Done write_text(const std::string& path, std::string_view text);

}  // namespace holdfast::cli

#endif  // HOLDFAST_CLI_ASK_H
