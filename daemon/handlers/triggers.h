// Triggers: an agent is stopped by itself, as its file says, on the way of the operators' verbs.
#ifndef HOLDFAST_DAEMON_HANDLERS_TRIGGERS_H
#define HOLDFAST_DAEMON_HANDLERS_TRIGGERS_H

#include <string>
#include <string_view>

#include "daemon/handlers/caller.h"
#include "daemon/handlers/services.h"
#include "policy/triggers.h"

namespace holdfast::daemon::handlers {

// AgentRow::changed_by of an agent that a trigger stopped, and "by" of its record.
inline constexpr std::string_view by_trigger = "trigger:";  // "trigger:canary"
bool is_by_trigger(std::string_view principal) noexcept;

// Never waits. Stops the agent in memory if its file in force has the trigger; the "trigger" record
// is queued before the stop's own, and both become durable beside. False, and nothing happens, when
// the trigger is off, or the agent stopped as strictly already. `seen`: what set it off, for
// people.
bool fire(Services& services, const std::string& agent, policy::Trigger trigger, std::string seen);

// ── where an action goes by ──

// caller_of(), unless this sets off a canary: denied, canary_used.
Result<Caller> watched_caller(Services& services, const Call& call, std::string_view action);
// The same of whoever asks for a credential or evidence: a canary key is used by that.
Result<Caller> watched_caller(Services& services, const Call& call);

// ── what agents do ──

// Each refusal of an agent's call, before its record: bursts are counted, other code is drift.
void note_refusal(Services& services, const Call& call, const Refused& refused);
// The code of a launched instance (or of a connection) is not what it was.
void note_drift(Services& services, const std::string& agent, std::string_view reason,
                std::string_view instance);

}  // namespace holdfast::daemon::handlers

#endif  // HOLDFAST_DAEMON_HANDLERS_TRIGGERS_H
