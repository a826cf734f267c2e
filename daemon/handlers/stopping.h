// Stopping: what every verb that stops an agent does: in memory at once, then chip, registry and
// ledger (docs/decisions/0002-containment-order.md).
#ifndef HOLDFAST_DAEMON_HANDLERS_STOPPING_H
#define HOLDFAST_DAEMON_HANDLERS_STOPPING_H

#include <optional>
#include <string>
#include <string_view>

#include "api/contain_messages.h"
#include "daemon/handlers/services.h"
#include "daemon/handlers/stages.h"

namespace holdfast::daemon::handlers {

struct Verb {
    std::string_view name;  // in paths, requests and records
    AgentState target;
    Stages stages;
    std::optional<Ending> processes;  // what becomes of those that run; nothing: they go on
};
// suspend, kill, throttle, approval-only, revoke or retire; null for another word.
const Verb* find_verb(std::string_view name);

// What an operator asked for. `verb` is one of find_verb's.
struct StopOrder {
    const Verb* verb;
    std::string by;      // principal
    std::string reason;  // or ""
    std::int64_t rate;   // throttle: actions a minute
    std::string scope;   // "sponsor S", "environment E", or "" for one agent
};
// invalid, malformed_request: no such verb, or a rate that nobody will look at.
Result<StopOrder> stop_order(std::string_view verb, std::string by, std::string reason,
                             std::optional<std::int64_t> rate);

// conflict: ended for good [agent_revoked, agent_retired], or stopped more strictly than this verb
// would [already_stricter], so that it would be a way around reinstating.
Done may_stop(const AgentRow& row, const StopOrder& order);
// Stopped by this verb before, down to the last stage: there is nothing left to do.
bool is_settled(const Services& services, const AgentRow& row, const StopOrder& order);
api::Contained settled_reply(const Services& services, const AgentRow& row, const StopOrder& order);

// One agent's stop, in force in memory and nowhere else yet.
struct Stopping {
    AgentRow row;
    StopOrder order;
    std::int64_t in_force_ns = 0;
};
// Never waits: from here on nothing is released that this state does not allow, and current_row()
// says it, though no disk knows it before make_durable().
Stopping stop_in_memory(Services& services, AgentRow row, StopOrder order);

struct StopOutcome {
    api::Contained reply;
    bool durable = false;  // a restart cannot undo it: the chip has it, or record and registry do
    std::string trouble;   // the first thing that did not work
};
// The rest of it. The caller holds a Containing for the agent. Always a value.
Async<StopOutcome> make_durable(Services& services, Stopping stopping);

// What keeps a restored disk from undoing a stop whose record is durable: the anchor counter,
// unless a fuse does that; no TPM session of ours stays; and others hear of it, through the CRL.
// Once for all agents of a scope.
struct Seal {
    Done sessions = done();
    Result<std::string> anchor;  // "done", "not_needed"
    Result<std::string> crl;     // "done", "not_needed", "no_ca"
};
Async<Seal> seal_stop(Services& services, std::string verb, std::string by, bool has_fuse);
// Does a fuse of its own keep it, or will it once the chip answers?
bool is_kept_by_fuse(const StopOutcome& outcome);
// The step that was not heard of, or that came before a record that it should keep. An Error:
// later.
Async<std::monostate> settle_anchor_step(Services& services);
void note_seal(StopOutcome& outcome, const Seal& seal);

// What became of a stage that has a word for it, or of one that is pending.
void note_word(StopOutcome& outcome, const char* stage, const Result<std::string>& word);
// A stage's word in a reply; the first trouble is kept. True when it worked.
bool note_stage(StopOutcome& outcome, const char* stage, const Done& result);

// 200, or 503 not_durable with the reply as its members.
Answer stop_answer(const encode::Json& reply, bool durable, const std::string& trouble);

}  // namespace holdfast::daemon::handlers

#endif  // HOLDFAST_DAEMON_HANDLERS_STOPPING_H
