// holdfast: the operator's, the agent's and the verifier's command line.
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <iostream>

#include "cli/run.h"

int main(int argc, char** argv) {
    using holdfast::cli::Exit;
    try {
        // NOLINTNEXTLINE(concurrency-mt-unsafe): this program has one thread.
        const bool colour = std::getenv("NO_COLOR") == nullptr && ::isatty(STDOUT_FILENO) == 1;
        const holdfast::cli::Arguments arguments(argv + 1, argv + argc);
        return static_cast<int>(holdfast::cli::run(arguments, colour));
    } catch (const std::exception& problem) {
        // Only memory can be missing here: every other failure is a value.
        std::cerr << "holdfast: " << problem.what() << '\n';
        return static_cast<int>(Exit::error);
    }
}
