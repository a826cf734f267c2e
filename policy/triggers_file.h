// [triggers.NAME] tables of an agent file.
#ifndef HOLDFAST_POLICY_TRIGGERS_FILE_H
#define HOLDFAST_POLICY_TRIGGERS_FILE_H

#include "policy/toml_table.h"
#include "policy/triggers.h"

namespace holdfast::policy {

// Errors are Code::invalid, "NAME.toml:LINE: triggers.NAME.key: …": a trigger or a key that there
// is not, a number out of its bounds, a reaction that is none, a canary that nothing would set off.
Result<TriggerRules> read_triggers(TomlTable& root);

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_TRIGGERS_FILE_H
