// What every command of `holdfast` gets and gives back: global options and exit codes.
#ifndef HOLDFAST_CLI_GLOBALS_H
#define HOLDFAST_CLI_GLOBALS_H

#include <cstdint>
#include <string>
#include <string_view>

#include "holdfast/result.h"

namespace holdfast::cli {

// Stable: scripts depend on them. docs/man/holdfast.1.md lists them.
enum class Exit : std::uint8_t {
    ok = 0,
    error = 1,
    usage = 2,
    denied = 3,
    not_found = 4,
    unreachable = 5,  // nothing answers at the daemon's socket
    verification_failed = 6,
    backend_unavailable = 7,  // the daemon answers, its TPM, ledger or measurer does not
    busy = 8,                 // a limit or a timeout: trying again may help
};

struct Globals {
    std::string socket;   // --socket; empty = the command's default
    bool json = false;    // --json: the machine's form on standard output, errors as JSON
    bool colour = false;  // a terminal, and NO_COLOR is not set
};

std::string agent_socket(
    const Globals& globals);  // $HOLDFAST_SOCKET, else /run/holdfast/agent.sock
std::string admin_socket(const Globals& globals);  // $HOLDFAST_ADMIN_SOCKET, else …/admin.sock

// What others wrote could try to repaint a terminal: every control character (C0, DEL, and U+0080
// to U+009F, of which some terminals take U+009B for ESC [) as '?'.
std::string printable(std::string_view text);

Exit exit_of(const Error& error) noexcept;

// Says why on standard error ("holdfast: …"; with --json one object) and returns the exit code.
Exit fail(const Globals& globals, const Error& error);
Exit fail_with(const Globals& globals, Exit exit, const Error& error);

}  // namespace holdfast::cli

#endif  // HOLDFAST_CLI_GLOBALS_H
