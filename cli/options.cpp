// Command-line reading with Boost.Program_options, kept in this one file; its exceptions end here.
#include <boost/program_options.hpp>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <sstream>

#include "cli/command.h"

namespace holdfast::cli {
namespace {

namespace options = boost::program_options;
using Texts = std::vector<std::string>;

constexpr const char* operands_name = "operands";

const std::vector<Option>& global_options() {
    static const std::vector<Option> all = {
        {"socket", "PATH", "the daemon's socket (else $HOLDFAST_SOCKET, $HOLDFAST_ADMIN_SOCKET)"},
        {"json", "", "the machine's form on standard output"},
        {"help,h", "", "explain this command"},
    };
    return all;
}

void add(options::options_description& described, const std::vector<Option>& all) {
    for (const Option& option : all) {
        if (option.value.empty()) {
            described.add_options()(option.name.c_str(), option.help.c_str());
            continue;
        }
        auto* const value = options::value<Texts>()->value_name(option.value)->composing();
        described.add_options()(option.name.c_str(), value, option.help.c_str());
    }
}

struct Expected {
    std::size_t least = 0;
    std::size_t most = 0;
};

// "NAME [FILE]": one at least, two at most. "NAME [FILE...]": as many as there are.
Expected expected_operands(const std::string& described) {
    Expected expected;
    std::istringstream words(described);
    for (std::string word; words >> word;) {
        ++expected.most;
        if (word.front() != '[') ++expected.least;
        if (word.find("...") != std::string::npos) expected.most = SIZE_MAX;
    }
    return expected;
}

Error wrong_usage(const Command& command, const std::string& what) {
    return Error(Code::invalid, what + "; see: holdfast help " + command.name);
}

Result<options::variables_map> parse(const Command& command, const Arguments& arguments) {
    try {
        options::options_description described;
        add(described, command.options);
        add(described, global_options());
        described.add_options()(operands_name, options::value<Texts>());
        options::positional_options_description positions;
        positions.add(operands_name, -1);
        // Abbreviated options would turn into other ones when new options come.
        const int style =
            options::command_line_style::unix_style & ~options::command_line_style::allow_guessing;
        options::variables_map found;
        auto parser = options::command_line_parser(arguments);
        options::store(parser.options(described).positional(positions).style(style).run(), found);
        options::notify(found);
        return found;
    } catch (const std::exception& problem) {
        return wrong_usage(command, problem.what());
    }
}

}  // namespace

bool Values::has(std::string_view name) const {
    return given_.find(name) != given_.end();
}

std::optional<std::string> Values::get(std::string_view name) const {
    const auto found = given_.find(name);
    if (found == given_.end() || found->second.empty()) return std::nullopt;
    return found->second.back();
}

std::string Values::get_or(std::string_view name, std::string fallback) const {
    return get(name).value_or(std::move(fallback));
}

std::vector<std::string> Values::all(std::string_view name) const {
    const auto found = given_.find(name);
    return found == given_.end() ? Texts() : found->second;
}

// The only maker of filled Values: they hold nothing but strings from here on.
class OptionReader {
  public:
    static Values values_from(const options::variables_map& found) {
        Values values;
        for (const auto& [name, value] : found) {
            const Texts* texts = boost::any_cast<Texts>(&value.value());
            if (name == operands_name)
                values.operands_ = texts == nullptr ? Texts() : *texts;
            else
                values.given_[name] = texts == nullptr ? Texts() : *texts;
        }
        return values;
    }
};

Result<Invocation> read_options(const Command& command, const Arguments& arguments) {
    HOLDFAST_TRY(found, parse(command, arguments));
    Invocation invocation;
    invocation.values = OptionReader::values_from(found);
    invocation.help = invocation.values.has("help");
    invocation.globals.json = invocation.values.has("json");
    invocation.globals.socket = invocation.values.get_or("socket", "");
    const Expected expected = expected_operands(command.operands);
    const std::size_t given = invocation.values.operands().size();
    if (invocation.help) return invocation;
    if (given < expected.least) return wrong_usage(command, "expected " + command.operands);
    if (given > expected.most)
        return wrong_usage(command, "unexpected " + invocation.values.operands()[expected.most]);
    return invocation;
}

std::string usage_of(const Command& command) {
    std::ostringstream text;
    text << "usage: holdfast " << command.name;
    if (!command.operands.empty()) text << ' ' << command.operands;
    text << " [options]\n  " << command.summary << "\n\n";
    options::options_description described("options");
    add(described, command.options);
    add(described, global_options());
    text << described;
    return text.str();
}

}  // namespace holdfast::cli
