// Starting another program, giving it bytes and reading its answer.
#ifndef HOLDFAST_CLI_SPAWN_H
#define HOLDFAST_CLI_SPAWN_H

#include <cstdint>
#include <string>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::cli {

struct Program {
    std::vector<std::string> arguments;  // [0] is looked for in PATH unless it has a '/'
    ByteView input;                      // its standard input
    // The environment and the terminal's standard error (for prompts), or neither.
    enum class World : std::uint8_t { inherited, empty } world = World::empty;
    std::size_t max_output = 0;
};

struct Finished {
    int status = 0;  // exit status; 128 + signal for one that was killed
    std::string output;
};

// not_found when there is no such program.
Result<Finished> run_program(const Program& program);

}  // namespace holdfast::cli

#endif  // HOLDFAST_CLI_SPAWN_H
