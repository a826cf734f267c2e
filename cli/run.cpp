#include "cli/run.h"

#include <algorithm>
#include <iostream>
#include <iterator>
#include <optional>

namespace holdfast::cli {
namespace {

struct Found {
    const Command* command = nullptr;
    Arguments arguments;  // global options given before the command's name, then the rest
};

// Options that may stand before the command: --json, --help, --socket PATH, --socket=PATH.
std::size_t leading_options(const Arguments& arguments) {
    std::size_t count = 0;
    while (count < arguments.size() && arguments[count].starts_with("-"))
        count += arguments[count] == "--socket" ? std::size_t{2} : std::size_t{1};
    return std::min(count, arguments.size());
}

// What is no option: "verify" of "--json verify --help".
Arguments words_of(const Arguments& arguments) {
    const auto first = arguments.begin() + static_cast<std::ptrdiff_t>(leading_options(arguments));
    Arguments words;
    std::copy_if(first, arguments.end(), std::back_inserter(words),
                 [](const std::string& word) { return !word.starts_with("-"); });
    return words;
}

std::optional<Found> find_command(const Arguments& arguments) {
    const std::size_t first = leading_options(arguments);
    for (const std::size_t words : {std::size_t{2}, std::size_t{1}}) {
        if (first + words > arguments.size()) continue;
        std::string name = arguments[first];
        if (words == 2) name += ' ' + arguments[first + 1];
        const auto match = [&name](const Command& command) { return command.name == name; };
        const auto found = std::find_if(commands().begin(), commands().end(), match);
        if (found == commands().end()) continue;
        const auto split = arguments.begin() + static_cast<std::ptrdiff_t>(first);
        Arguments rest(arguments.begin(), split);
        rest.insert(rest.end(), split + static_cast<std::ptrdiff_t>(words), arguments.end());
        return Found{&*found, std::move(rest)};
    }
    return std::nullopt;
}

std::string overview() {
    std::size_t widest = 0;
    for (const Command& command : commands())
        widest = std::max(widest, command.name.size() + command.operands.size() + 1);
    std::string text =
        "usage: holdfast COMMAND [options]\n\n"
        "Gives an AI agent an identity that cannot be lifted off its machine.\n\n";
    for (const Command& command : commands()) {
        std::string left = command.name;
        if (!command.operands.empty()) left += ' ' + command.operands;
        left.resize(widest, ' ');
        text += "  " + left + "  " + command.summary + '\n';
    }
    return text +
           "\nEvery command: --socket PATH, --json, --help.  holdfast help COMMAND explains one.\n"
           "Exit codes: 0 ok, 1 error, 2 usage, 3 denied, 4 not found, 5 daemon unreachable,\n"
           "6 verification failed, 7 backend unavailable, 8 busy or timeout.\n";
}

// "agent" of "agent show" and "agent list": a line for each; "" when it is no family's name.
std::string family(const Arguments& words) {
    std::string text;
    if (words.empty()) return text;
    for (const Command& command : commands()) {
        if (!command.name.starts_with(words.front() + ' ')) continue;
        text += "  holdfast " + command.name;
        if (!command.operands.empty()) text += ' ' + command.operands;
        text += "\n      " + command.summary + '\n';
    }
    return text;
}

Exit unknown_command(const Arguments& arguments) {
    std::string words;
    for (const auto& word : arguments)
        words += (words.empty() ? "" : " ") + word;
    // "holdfast agent": the family exists, the verb is missing.
    std::cerr << family(arguments);
    return fail_with(Globals(), Exit::usage,
                     Error(Code::invalid, "no such command: " + words + "; see: holdfast help"));
}

Exit help(const Arguments& words) {
    if (words.empty()) {
        std::cout << overview() << std::flush;
        return Exit::ok;
    }
    if (const auto found = find_command(words)) {
        std::cout << usage_of(*found->command) << std::flush;
        return Exit::ok;
    }
    const std::string lines = words.size() == 1 ? family(words) : "";
    if (lines.empty()) return unknown_command(words);
    std::cout << lines << "holdfast help " << words.front() << " COMMAND explains one.\n"
              << std::flush;
    return Exit::ok;
}

Exit version() {
    std::cout << "holdfast " HOLDFAST_VERSION_TEXT "\n" << std::flush;
    return Exit::ok;
}

Exit run_command(const Found& found, bool colour) {
    auto invocation = read_options(*found.command, found.arguments);
    if (!invocation) {
        Globals globals;
        const auto& given = found.arguments;
        globals.json = std::find(given.begin(), given.end(), "--json") != given.end();
        return fail_with(globals, Exit::usage, invocation.error());
    }
    invocation->globals.colour = colour;
    if (invocation->help) {
        std::cout << usage_of(*found.command) << std::flush;
        return Exit::ok;
    }
    return found.command->run(invocation->globals, invocation->values);
}

}  // namespace

Exit run(const Arguments& arguments, bool colour) {
    const std::size_t first = leading_options(arguments);
    const std::string word = first < arguments.size() ? arguments[first] : "";
    const auto has = [&arguments](const char* option) {
        return std::find(arguments.begin(), arguments.end(), option) != arguments.end();
    };
    if (word == "help") {
        const auto after = arguments.begin() + static_cast<std::ptrdiff_t>(first) + 1;
        return help(Arguments(after, arguments.end()));
    }
    if (word == "version" || (word.empty() && has("--version"))) return version();
    const bool wants_help = has("--help") || has("-h");
    if (word.empty() && wants_help) return help({});
    if (word.empty()) {
        std::cerr << overview();
        return Exit::usage;
    }
    const auto found = find_command(arguments);
    if (!found && wants_help) return help(words_of(arguments));
    return found ? run_command(*found, colour) : unknown_command(arguments);
}

}  // namespace holdfast::cli
