// doctor: is this host fit for the daemon? It works where no daemon can start, so it asks none.
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <iostream>
#include <system_error>

#include "cli/commands/commands.h"

namespace holdfast::cli {
namespace {

// holdfastd as it is installed, or beside this program (a build folder, the demo).
std::string find_daemon() {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    const auto beside = self.parent_path() / "holdfastd";
    if (!error && ::access(beside.c_str(), X_OK) == 0) return beside.string();
    return HOLDFAST_SBINDIR "/holdfastd";
}

std::vector<std::string> words_for(const Globals& globals, const Values& values) {
    std::vector<std::string> words{find_daemon(), "--doctor"};
    if (globals.json) words.emplace_back("--json");
    for (const char* option : {"config", "dev"}) {
        const auto value = values.get(option);
        if (!value) continue;
        words.push_back(std::string("--") + option);
        words.push_back(*value);
    }
    return words;
}

// In our place: its output and its exit code are the command's.
Exit doctor(const Globals& globals, const Values& values) {
    auto words = words_for(globals, values);
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (auto& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    std::cout << std::flush;
    (void)::execv(arguments[0], arguments.data());
    return fail(globals,
                Error(Code::not_found, words[0] + ": " + std::generic_category().message(errno)));
}

}  // namespace

std::vector<Command> doctor_commands() {
    return {{"doctor",
             "",
             "look at settings, users, TPM and PKCS#11 tokens, and say what is wrong",
             {{"config", "FILE", "settings of the daemon (/etc/holdfast/holdfastd.conf)"},
              {"dev", "DIR", "a daemon started with --dev DIR"}},
             doctor}};
}

}  // namespace holdfast::cli
