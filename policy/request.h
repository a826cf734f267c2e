// request_of: an action and its circumstances, as policies see them. docs/policies.md has the
// schema.
#ifndef HOLDFAST_POLICY_REQUEST_H
#define HOLDFAST_POLICY_REQUEST_H

#include <cstdint>
#include <optional>
#include <string>

#include "holdfast/action.h"
#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/measurement.h"
#include "holdfast/result.h"
#include "policy/agent_file.h"
#include "policy/cedar/evaluate.h"

namespace holdfast::policy {

// What policies can speak of besides the action: who asks, by what code, on which host and when.
struct Situation {
    Custody custody = Custody::unproven;  // of the agent's key
    Assurance assurance = Assurance::observed;
    std::optional<Sha256> manifest;  // of what was launched
    std::string trust_domain;
    Custody host_custody = Custody::unproven;
    bool has_tpm = false;
    std::string event_register = "absent";  // "ok", "absent", "broken"
    std::int64_t now = 0;                   // Unix seconds
};

// denied, params_unreadable: params hold what Cedar has no value for (null).
Result<cedar::Request> request_of(const AgentFile& agent, const Situation& situation,
                                  const Action& action);

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_REQUEST_H
