// What the ledger's records say of a request that was decided: enough to decide it again.
#ifndef HOLDFAST_POLICY_RECORDED_H
#define HOLDFAST_POLICY_RECORDED_H

#include <optional>
#include <string>
#include <vector>

#include "core/encode/json.h"
#include "holdfast/action.h"
#include "holdfast/result.h"
#include "policy/agent_file.h"
#include "policy/approvals.h"
#include "policy/request.h"

namespace holdfast::policy {

inline constexpr std::size_t max_recorded_rules = 1024;  // that are read of one record
inline constexpr std::size_t rules_on_record = 32;       // that the daemon names, the first ones

// Of an `agent` record: its name, environment and who answers for it. invalid: no such record.
Result<AgentFile> recorded_agent(const encode::Json::Object& members);

// Who asked, in an `action` record: the statement's. invalid: no such record.
Result<Statement> recorded_statement(const encode::Json::Object& members);

struct RecordedAction {
    AgentFile agent;
    Situation situation;
    std::vector<std::string> rules;          // that decided, "SET:ID"
    std::optional<SignedApproval> approval;  // that was used
};

// The same record's rest. `declared` is the newest `agent` record of that agent before it; the
// sponsor is the statement's. invalid, before_policies: it says nothing of policies and host, as
// records did once; invalid without that reason: no such record.
Result<RecordedAction> recorded_action(const encode::Json::Object& members,
                                       const Statement& statement, AgentFile declared);

// Of a `refused` record. Params, resource and posture of what was refused are not on record.
struct RecordedRefusal {
    std::string agent;      // name; empty: of nobody
    std::string operation;  // "action", "credential" …; empty where several were summed
    std::string reason;
    Action action;                   // its name and audience only, and only of an action
    std::vector<std::string> rules;  // that decided; none: default deny, or no policy was asked
    std::uint64_t count = 1;         // refusals over budget are summed into one record
};
Result<RecordedRefusal> recorded_refusal(const encode::Json::Object& members);

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_RECORDED_H
