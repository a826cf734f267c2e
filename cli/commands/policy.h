// What the commands of `holdfast policy` are; cli/commands/policy.cpp has their table.
#ifndef HOLDFAST_CLI_COMMANDS_POLICY_H
#define HOLDFAST_CLI_COMMANDS_POLICY_H

#include "cli/command.h"

namespace holdfast::cli {

// Are these files policy sets, and together a set that apply would take?
Exit policy_check(const Globals& globals, const Values& values);
// A table of requests: does each get the decision that is expected?
Exit policy_test(const Globals& globals, const Values& values);
// A ledger's recorded actions: what would these policies have made of them?
Exit policy_simulate(const Globals& globals, const Values& values);
// One record of a ledger: who wanted what, and why it was decided so.
Exit policy_explain(const Globals& globals, const Values& values);

}  // namespace holdfast::cli

#endif  // HOLDFAST_CLI_COMMANDS_POLICY_H
