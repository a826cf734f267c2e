// attacker: one attack on the daemon's recognition of callers, by its name; prints the outcome.
//   attacker ATTACK ARGUMENT…
#include <array>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "tests/attacks/attacks.h"

namespace holdfast::attacks {
namespace {

struct Attack {
    std::string_view name;
    void (*run)(Arguments arguments);
};

constexpr std::array all = {
    Attack{"fork-exec", fork_exec},
    Attack{"give-socket", give_socket},
    Attack{"take-socket", take_socket},
    Attack{"speak", speak},
    Attack{"heir-of-the-dead", heir_of_the_dead},
    Attack{"die-before-accept", die_before_accept},
    Attack{"send-then-become", send_then_become},
    Attack{"reuse-pid-before-accept", reuse_pid_before_accept},
    Attack{"reuse-pid-after-accept", reuse_pid_after_accept},
    Attack{"forge-executable", forge_executable},
    Attack{"forge-sender", forge_sender},
    Attack{"rewrite-memory", rewrite_memory},
    Attack{"run-from-memory", run_from_memory},
    Attack{"run-deleted", run_deleted},
    Attack{"write-file", write_file},
    Attack{"store-into-file", store_into_file},
    Attack{"stop-peer", stop_peer},
    Attack{"leave-at-once", leave_at_once},
    Attack{"old-kernel", old_kernel},
};

void run(Arguments words) {
    if (words.empty()) throw std::runtime_error("attacker ATTACK ARGUMENT…");
    for (const auto& attack : all) {
        if (attack.name == words.front()) return attack.run(words.subspan(1));
    }
    throw std::runtime_error("unknown attack " + std::string(words.front()));
}

}  // namespace
}  // namespace holdfast::attacks

int main(int argc, char** argv) {
    using namespace holdfast::attacks;  // NOLINT(google-build-using-namespace): a main
    try {
        run({argv + 1, static_cast<std::size_t>(argc) - 1});
        return 0;
    } catch (const std::exception& problem) {
        std::cerr << "attacker: " << problem.what() << '\n' << std::flush;
        return 2;
    }
}
