#include "cli/commands/words.h"

#include <algorithm>

#include "cli/show.h"
#include "core/encode/base64.h"

namespace holdfast::cli {
namespace {

using encode::Json;

// Members of params a line each: what is in them is what will be done.
std::string params_words(const Action& action) {
    if (action.params_sha256)
        return word_line("parameters",
                         "NOT SHOWN, only their SHA-256: " + encode::hex(*action.params_sha256));
    if (action.params.empty()) return word_line("parameters", "none");
    const auto params = encode::parse_json(action.params);
    if (!params || params->object() == nullptr) return word_line("parameters", action.params);
    std::string text =
        params->object()->empty() ? word_line("parameters", "none") : "  parameters\n";
    for (const auto& [name, value] : *params->object())
        text += "    " + plain(Json(name)) + ": " + printable(encode::canonical(value)) + '\n';
    return text;
}

}  // namespace

std::string word_line(const char* name, const Json& value) {
    constexpr std::size_t width = 14;
    std::string text = std::string("  ") + name + ' ';
    text.resize(std::max(text.size(), width), ' ');
    return text + plain(value) + '\n';
}

std::string action_words(const Action& action) {
    std::string text = word_line("wants", action.action);
    text += word_line("at", action.audience);
    if (!action.resource.empty()) text += word_line("resource", action.resource);
    if (!action.on_behalf_of.empty()) text += word_line("says it is for", action.on_behalf_of);
    return text + params_words(action);
}

}  // namespace holdfast::cli
