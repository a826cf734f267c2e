// A ledger's record in plain words: who wanted what, what was decided, by which rules, whose.
#ifndef HOLDFAST_CLI_COMMANDS_RECORD_WORDS_H
#define HOLDFAST_CLI_COMMANDS_RECORD_WORDS_H

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ledger/record.h"
#include "policy/policy_set.h"

namespace holdfast::cli {

// A set and its version.
using SetVersion = std::pair<std::string, std::int64_t>;

// What the ledger says besides of a record.
struct Around {
    std::optional<ledger::Record> agent;      // the newest one of its agent before it
    std::optional<ledger::Record> withheld;   // after it: no byte of its signature was released
    std::map<SetVersion, std::string> texts;  // SHA-256 of each set's file, in hex, as applied
};

// Whose record it is: the agent's name; empty: nobody's.
std::string agent_of(const ledger::Record& record);
// Every set that the record names, with the version that decided or would have.
std::vector<SetVersion> sets_of(const ledger::Record& record);

// A rule that decided, and what its text says of itself.
struct ExplainedRule {
    std::string rule;           // "SET:ID"
    std::string note;           // why there is no text of it; empty: there is
    std::string reason, owner;  // its @reason and @owner; empty: none, or no text
};
// `given` are files somebody has at hand: they count only where set, version and, as far as the
// ledger tells, text are those that decided.
std::vector<ExplainedRule> explained_rules(const ledger::Record& record, const Around& around,
                                           const policy::PolicySets& given);

// Several lines, without control characters whatever the record holds.
std::string record_words(const ledger::Record& record, const Around& around,
                         const policy::PolicySets& given);

}  // namespace holdfast::cli

#endif  // HOLDFAST_CLI_COMMANDS_RECORD_WORDS_H
