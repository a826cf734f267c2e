// Peers that do not answer, or are no longer there.
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <iostream>
#include <string>

#include "tests/attacks/attacks.h"
#include "tests/attacks/line.h"
#include "tests/attacks/program.h"

namespace holdfast::attacks {

// The program has asked, and is stopped under ptrace before it can hear; it goes on when told to.
void stop_peer(Arguments trusted) {
    Program program(trusted);
    (void)program.line();  // "ready": it has asked
    require(::ptrace(PTRACE_SEIZE, program.pid(), nullptr, nullptr) == 0, "PTRACE_SEIZE");
    require(::ptrace(PTRACE_INTERRUPT, program.pid(), nullptr, nullptr) == 0, "PTRACE_INTERRUPT");
    require(::waitpid(program.pid(), nullptr, __WALL) == program.pid(), "waitpid");
    ready();
    wait();
    require(::ptrace(PTRACE_DETACH, program.pid(), nullptr, nullptr) == 0, "PTRACE_DETACH");
    std::cout << program.line() << '\n' << std::flush;
    program.end();
}

// As many as told to connect and are gone; some have said a word.
void leave_at_once(Arguments count) {
    for (int left = std::stoi(count[0]); left > 0; --left) {
        end_of(child_that([&] {
            const Line line = Line::connected();
            if (left % 2 == 0) line.send("POST /v1/act");
        }));
    }
    ready();
}

}  // namespace holdfast::attacks
