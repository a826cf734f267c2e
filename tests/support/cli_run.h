// A whole command line in this process: what it prints, and how it exits.
#ifndef HOLDFAST_TESTS_SUPPORT_CLI_RUN_H
#define HOLDFAST_TESTS_SUPPORT_CLI_RUN_H

#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "cli/run.h"
#include "tests/support/temporary_directory.h"

namespace holdfast::tests {

struct Printed {
    cli::Exit exit;
    std::string out;
    std::string error;
};

inline Printed printed(const cli::Arguments& arguments) {
    const std::ostringstream out;
    const std::ostringstream error;
    std::streambuf* const terminal = std::cout.rdbuf(out.rdbuf());
    std::streambuf* const complaints = std::cerr.rdbuf(error.rdbuf());
    const cli::Exit exit = cli::run(arguments, false);
    std::cout.rdbuf(terminal);
    std::cerr.rdbuf(complaints);
    return {exit, out.str(), error.str()};
}

// A folder to try things out in.
class Desk {
  public:
    std::string put(const std::string& name, const std::string& text) const {
        std::ofstream(path(name), std::ios::binary | std::ios::trunc) << text;
        return path(name);
    }
    std::string path(const std::string& name) const { return folder_.file(name); }
    const std::string& folder() const { return folder_.path(); }

    // The same text with the folder's name taken out.
    std::string without_folder(std::string text) const {
        const std::string name = folder_.path() + "/";
        for (auto at = text.find(name); at != std::string::npos; at = text.find(name))
            text.erase(at, name.size());
        return text;
    }

  private:
    TemporaryDirectory folder_;
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_CLI_RUN_H
