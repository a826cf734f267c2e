// Triggers: an agent is stopped by itself, as its file says, on the way of the operators' verbs.
#ifndef HOLDFAST_DAEMON_HANDLERS_TRIGGERS_H
#define HOLDFAST_DAEMON_HANDLERS_TRIGGERS_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/admin_messages.h"
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

// Would fire() do something?
bool would_fire(const Services& services, const std::string& agent, policy::Trigger trigger);

// ── where an action goes by ──

// caller_of(), unless this sets off a canary: denied, canary_used. Looks at the clocks first.
Result<Caller> watched_caller(Services& services, const Call& call, std::string_view action);
// The same of whoever asks for a credential or evidence: a canary key is used by that.
Result<Caller> watched_caller(Services& services, const Call& call);

// Where policy permits: denied, novel_audience. Asked in the step in which the record is queued,
// too, and then noted: so two at once do not both pass for the last free one.
Done check_audience(Services& services, const policy::AgentFile& file, std::string_view audience);
void note_audience(Services& services, const std::string& agent, std::string_view audience);

// ── what agents do ──

// Each refusal of an agent's call, before its record: bursts are counted, other code is drift.
void note_refusal(Services& services, const Call& call, const Refused& refused);
// The code of a launched instance (or of a connection) is not what it was.
void note_drift(Services& services, const std::string& agent, std::string_view reason,
                std::string_view instance);

// ── what time does ──

// At start, when the declared agents are known and before anybody is heard.
void begin_triggers(Services& services);
// At start, for the log: would a security event token find its issuer's keys? It is asked again for
// each token. An error: what is wrong with the file.
Done check_event_keys(const Settings& settings);
// After each apply that put files in force. `changes`: as its reply says them.
void take_declared_triggers(Services& services, const std::vector<api::Change>& changes);
// The wall clock went back, or no heartbeat came in time: every agent whose file minds is stopped.
// By a timer, and before whoever asks for anything is heard: a host that slept has missed the
// timer.
void check_times(Services& services);
// Seconds until the next heartbeat is overdue, unless its agent is stopped by then; none: nobody
// waits.
std::optional<std::int64_t> next_heartbeat_due(const Services& services);

}  // namespace holdfast::daemon::handlers

#endif  // HOLDFAST_DAEMON_HANDLERS_TRIGGERS_H
