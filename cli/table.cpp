// The one list of all commands; `holdfast help` shows them in this order.
#include <iterator>
#include <utility>

#include "cli/commands/commands.h"

namespace holdfast::cli {
namespace {

void append(std::vector<Command>& all, std::vector<Command> family) {
    all.insert(all.end(), std::make_move_iterator(family.begin()),
               std::make_move_iterator(family.end()));
}

std::vector<Command> every_command() {
    std::vector<Command> all;
    append(all, host_commands());
    append(all, doctor_commands());
    append(all, anchor_commands());
    append(all, agent_commands());
    append(all, contain_commands());
    append(all, trigger_commands());
    append(all, ended_commands());
    append(all, policy_commands());
    append(all, approval_commands());
    append(all, launch_commands());
    append(all, store_commands());
    append(all, identity_commands());
    append(all, manifest_commands());
    append(all, verify_commands());
    append(all, enroll_commands());
    return all;
}

}  // namespace

const std::vector<Command>& commands() {
    static const std::vector<Command> all = every_command();
    return all;
}

}  // namespace holdfast::cli
