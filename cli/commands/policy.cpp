// holdfast policy: trying policies out, and asking what is in force.
#include "cli/commands/policy.h"

#include "cli/commands/commands.h"

namespace holdfast::cli {

std::vector<Command> policy_commands() {
    return {
        {"policy check",
         "PATH...",
         "check policy files offline, each and all together",
         {{"operators", "FILE", "operators.toml: also whose signatures stand beside them"}},
         policy_check},
    };
}

}  // namespace holdfast::cli
