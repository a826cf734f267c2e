// Copying an interpreter with its standard library into a tree, so that nothing else is imported.
#ifndef HOLDFAST_CLI_INTERPRETER_H
#define HOLDFAST_CLI_INTERPRETER_H

#include <cstdint>
#include <string>
#include <vector>

#include "holdfast/result.h"

namespace holdfast::cli {

struct CopiedInterpreter {
    std::string entrypoint;            // "bin/python3", "bin/node"
    std::vector<std::string> options;  // what it should be started with: -I -S -B for Python
    std::uint64_t files = 0;
};

// `program`: python3 or node, links followed. It becomes DIR/bin/NAME; Python's standard library
// DIR/lib/python3.X, where the moved python finds it, without tests, bytecode, site-packages and
// bundled pip. conflict when one of them is there already. Nothing is executed.
Result<CopiedInterpreter> copy_interpreter(const std::string& program,
                                           const std::string& directory);

}  // namespace holdfast::cli

#endif  // HOLDFAST_CLI_INTERPRETER_H
