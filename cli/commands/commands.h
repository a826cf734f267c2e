// The families of commands; each file here defines one, and cli/table.cpp joins them.
#ifndef HOLDFAST_CLI_COMMANDS_COMMANDS_H
#define HOLDFAST_CLI_COMMANDS_COMMANDS_H

#include <vector>

#include "cli/command.h"

namespace holdfast::cli {

std::vector<Command> host_commands();      // apply, status, ledger head, ledger resume
std::vector<Command> anchor_commands();    // anchor show, accept
std::vector<Command> doctor_commands();    // doctor
std::vector<Command> agent_commands();     // agent list, show
std::vector<Command> contain_commands();   // suspend, kill, throttle, …; agent suspend, …, retire
std::vector<Command> policy_commands();    // policy list, check, test, …
std::vector<Command> approval_commands();  // approvals list, show, approve, deny
std::vector<Command> trigger_commands();   // heartbeat, security-event
std::vector<Command> ended_commands();     // crl, tombstone
std::vector<Command> launch_commands();    // launch, ps, stop, logs
std::vector<Command> identity_commands();  // whoami, credential, sign, evidence
std::vector<Command> manifest_commands();  // manifest create, sign, verify, diff, lint
std::vector<Command> store_commands();     // store import, list, gc, fsck
std::vector<Command> verify_commands();    // verify credential, action, evidence, approvals, …
std::vector<Command> enroll_commands();    // enroll host, challenge, respond, finish

}  // namespace holdfast::cli

#endif  // HOLDFAST_CLI_COMMANDS_COMMANDS_H
