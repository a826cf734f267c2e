// From the words of a command line to an exit code: finds the command, reads its options, runs it.
#ifndef HOLDFAST_CLI_RUN_H
#define HOLDFAST_CLI_RUN_H

#include "cli/command.h"

namespace holdfast::cli {

// `arguments` without the program's name.
Exit run(const Arguments& arguments, bool colour);

}  // namespace holdfast::cli

#endif  // HOLDFAST_CLI_RUN_H
