// Command: one row of the table behind `holdfast`, and the values its options were given.
#ifndef HOLDFAST_CLI_COMMAND_H
#define HOLDFAST_CLI_COMMAND_H

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/globals.h"
#include "holdfast/result.h"

namespace holdfast::cli {

using Arguments = std::vector<std::string>;

// --name VALUE, repeatable where the command reads all(); an empty value name makes it a flag.
struct Option {
    std::string name;
    std::string value;
    std::string help;
};

class Values {
  public:
    bool has(std::string_view name) const;
    // The last value given, or nothing.
    std::optional<std::string> get(std::string_view name) const;
    std::string get_or(std::string_view name, std::string fallback) const;
    std::vector<std::string> all(std::string_view name) const;
    const std::vector<std::string>& operands() const noexcept { return operands_; }

  private:
    friend class OptionReader;
    std::map<std::string, std::vector<std::string>, std::less<>> given_;
    std::vector<std::string> operands_;
};

struct Command {
    std::string name;      // one or two words: "agent show"
    std::string operands;  // "NAME", "[FILE]", "PATH...", "": their number is checked
    std::string summary;   // one line for `holdfast help`
    std::vector<Option> options;
    Exit (*run)(const Globals& globals, const Values& values);
};

// Every command there is, in the order `holdfast help` shows them.
const std::vector<Command>& commands();

// The options of this command and the global ones; unknown, incomplete or surplus = invalid.
struct Invocation {
    Globals globals;
    Values values;
    bool help = false;
};
Result<Invocation> read_options(const Command& command, const Arguments& arguments);

// "usage: …" with every option, as `holdfast help COMMAND` prints it.
std::string usage_of(const Command& command);

}  // namespace holdfast::cli

#endif  // HOLDFAST_CLI_COMMAND_H
