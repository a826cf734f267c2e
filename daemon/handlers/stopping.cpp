#include "daemon/handlers/stopping.h"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <array>

#include "api/problem.h"
#include "daemon/handlers/admin.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/instances.h"
#include "daemon/handlers/revocations.h"
#include "daemon/handlers/started.h"
#include "daemon/handlers/triggers.h"

namespace holdfast::daemon::handlers {
namespace {

const std::array<Verb, 6>& verbs() {
    static const std::array<Verb, 6> all = {{
        {"suspend", AgentState::suspended, {Stage::ledger}, Ending::freeze},
        {"kill", AgentState::suspended, {Stage::ledger, Stage::processes}, Ending::kill},
        {"throttle", AgentState::throttled, {Stage::ledger}, std::nullopt},
        {"approval-only", AgentState::approval_only, {Stage::ledger}, std::nullopt},
        {"revoke", AgentState::revoked, {Stage::ledger, Stage::fuse}, Ending::kill},
        {"retire", AgentState::retired, {Stage::ledger, Stage::fuse, Stage::blob}, Ending::kill},
    }};
    return all;
}

bool is_throttle(const StopOrder& order) {
    return order.verb->target == AgentState::throttled;
}

// Who brought it into this state stays responsible: a second principal who stops it likewise must
// not unlock the first one's reinstatement, and neither must a trigger that only goes further. A
// vanished file or a trigger is nobody, so an operator takes over.
std::string responsible(const AgentRow& row, const StopOrder& order) {
    const bool by_nobody = row.changed_by == by_vanished_file || is_by_trigger(row.changed_by);
    const bool same = row.state == order.verb->target;
    const bool further = is_restricted(row.state) && is_by_trigger(order.by);
    const bool stays = (same || further) && !has_ended(order.verb->target) && !by_nobody;
    return stays ? row.changed_by : order.by;
}

// A trigger is named here where it does not stand as the one who is responsible.
std::string reason_for(const AgentRow& row, const StopOrder& order) {
    if (!is_by_trigger(order.by) || responsible(row, order) == order.by) return order.reason;
    return (order.by + ": " + order.reason).substr(0, api::max_reason);
}

encode::Json::Object record_of(const AgentRow& row, const StopOrder& order) {
    auto record = containment_record(row, std::string(order.verb->name), order.by);
    if (!order.reason.empty()) record["reason"] = order.reason;
    if (!order.scope.empty()) record["scope"] = order.scope;
    if (is_throttle(order)) record["rate"] = order.rate;
    return record;
}

Async<std::string> not_needed() {
    co_return std::string(stage_not_needed);
}

bool may_be_launched(const Services& services, const std::string& agent) {
    const auto declared = services.agents.find(agent);
    return declared == services.agents.end() || declared->second.launch;
}

// What is launched and not told of yet is ended when it is.
Async<std::monostate> end_processes(Services& services, std::string agent,
                                    std::optional<Ending> ending) {
    if (!ending) co_return done();
    const bool all_known = services.launched.complete() || !may_be_launched(services, agent);
    HOLDFAST_CO_CHECK(co_await end_all(services, std::move(agent), *ending));
    if (!all_known) co_return launcher_is_silent();
    co_return done();
}

Done without_index(Result<std::uint64_t> result) {
    if (!result) return std::move(result).error().within("ledger");
    return done();
}

// The blob goes last: without it nobody could blow the fuse again.
Async<std::monostate> end_blob_after_fuse(Services& services, std::string key_id, bool fuse_ended) {
    if (!fuse_ended)
        co_return Error(Code::conflict, "the blob stays until its fuse is blown", Retry::later);
    co_return co_await end_blob(services, std::move(key_id));
}

// The event of a stop that reaches processes; what only limits actions says nothing of a launch.
void extend_register(Services& services, const boost::asio::any_io_executor& executor,
                     const Stopping& stopping) {
    const std::string& agent = stopping.row.name;
    if (!stopping.order.verb->processes || !may_be_launched(services, agent)) return;
    extend_beside(services, executor, std::string(stopping.order.verb->name), event_of(agent));
}

// What came meanwhile began from this stop's row, so it is as strict at least, and owes what this
// one owes: it is not written over.
Done save_newest(Services& services, const AgentRow& row) {
    return save(services, current_row(services, row.name).value_or(row));
}

Async<std::monostate> record_stop(Services& services, const Stopping& stopping) {
    const AgentRow& row = stopping.row;
    auto record = record_of(row, stopping.order);
    auto appended = services.ledger.append("containment", std::move(record));
    HOLDFAST_CO_CHECK(without_index(co_await std::move(appended)));
    // Another verb that came meanwhile has its own record still to write.
    const auto now = current_row(services, row.name);
    if (now && now->state == row.state) mark_done(services, row.name, row.key.id, Stage::ledger);
    co_return done();
}

Async<std::monostate> finish_blob(Services& services, const AgentRow& row, bool fuse_ended) {
    HOLDFAST_CO_CHECK(co_await end_blob_after_fuse(services, row.key.id, fuse_ended));
    mark_done(services, row.name, row.key.id, Stage::blob);
    co_return done();
}

}  // namespace

const Verb* find_verb(std::string_view name) {
    const auto* const found = std::find_if(verbs().begin(), verbs().end(),
                                           [&](const Verb& verb) { return verb.name == name; });
    return found == verbs().end() ? nullptr : found;
}

Result<StopOrder> stop_order(std::string_view verb, std::string by, std::string reason,
                             std::optional<std::int64_t> rate) {
    const Verb* found = find_verb(verb);
    if (found == nullptr)
        return Error(Code::invalid, "verb: no such one").because("malformed_request");
    StopOrder order{found, std::move(by), std::move(reason), 0, ""};
    if (rate && !is_throttle(order))
        return Error(Code::invalid, "rate: only with throttle").because("malformed_request");
    if (rate && (*rate < min_rate || *rate > max_rate))
        return Error(Code::invalid, "rate: must be 1 to 600").because("malformed_request");
    if (is_throttle(order)) order.rate = rate.value_or(default_rate);
    return order;
}

Done may_stop(const AgentRow& row, const StopOrder& order) {
    const AgentState target = order.verb->target;
    const bool faster = is_throttle(order) && row.state == target && order.rate > row.rate;
    if (!is_stricter(row.state, target) && !faster) return done();
    if (has_ended(row.state)) return ended_for_good(row);
    return Error(Code::conflict, "agent " + row.name + " is " + std::string(to_string(row.state)) +
                                     (faster ? " to fewer actions" : "") +
                                     " already: only reinstating lifts that")
        .because("already_stricter");
}

bool is_settled(const Services& services, const AgentRow& row, const StopOrder& order) {
    return has_ended(row.state) && row.state == order.verb->target && row.pending.empty() &&
           !services.ongoing.containing.contains(row.name);
}

api::Contained settled_reply(const Services& services, const AgentRow& row,
                             const StopOrder& order) {
    api::Contained reply;
    reply.name = row.name;
    reply.state = to_string(row.state);
    reply.stages = {{"memory", stage_done}, {"registry", stage_done}, {"ledger", stage_done}};
    reply.stages["fuse"] = order.verb->stages.has(Stage::fuse) ? stage_done : stage_not_needed;
    if (order.verb->stages.has(Stage::blob)) reply.stages["blob"] = stage_done;
    reply.stages["crl"] = crl_word(services);
    reply.in_force_ns = services.containment.in_force_since(row.name);
    reply.last_release_ns = services.containment.last_release(row.name);
    return reply;
}

Stopping stop_in_memory(Services& services, AgentRow row, StopOrder order) {
    const Verb& verb = *order.verb;
    ++services.ongoing.stops[row.name];
    const auto in_force = services.containment.set(row.name, verb.target, order.rate);
    if (!may_act(verb.target)) services.credentials.forget(row.name);
    // Whatever was approved before anybody stepped in.
    services.ongoing.approvals.forget(row.name);
    if (verb.target == AgentState::retired) services.agents.erase(row.name);
    if (row.state != verb.target || !order.reason.empty()) row.reason = reason_for(row, order);
    row.changed_by = responsible(row, order);
    row.state = verb.target;
    row.rate = order.rate;
    row.returns_to = AgentState::active;
    row.returns_by.clear();
    Stages pending = Stages::of(row.pending);
    pending.add(verb.stages);
    row.pending = pending.text();
    // From here on this is the row, for whoever stops, applies or reinstates before it is written:
    // of a large scope that may be a while.
    services.ongoing.unsaved.insert_or_assign(row.name, row);
    return Stopping{std::move(row), std::move(order), in_force};
}

bool note_stage(StopOutcome& outcome, const char* stage, const Done& result) {
    outcome.reply.stages[stage] = result ? stage_done : stage_pending;
    if (!result && outcome.trouble.empty()) outcome.trouble = result.error().text();
    return result.has_value();
}

void note_word(StopOutcome& outcome, const char* stage, const Result<std::string>& word) {
    if (word)
        outcome.reply.stages[stage] = *word;
    else
        (void)note_stage(outcome, stage, word.error());
}

// The list is made while the anchor is waited for: one chip, one patience.
Async<Seal> seal_stop(Services& services, std::string verb, std::string by, bool has_fuse) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    auto flushed = co_await soon(services.keys.flush_sessions());
    CrlStage list(services, executor, moves_credentials(verb));
    auto step = has_fuse ? not_needed() : anchor_step(services, std::move(verb), std::move(by));
    auto anchor = co_await std::move(step);
    if (!anchor) services.ongoing.anchor_owed = true;
    auto listed = co_await list.outcome();
    co_return Seal{Done(std::move(flushed)), std::move(anchor), std::move(listed)};
}

bool is_kept_by_fuse(const StopOutcome& outcome) {
    const auto fuse = outcome.reply.stages.find("fuse");
    return fuse != outcome.reply.stages.end() &&
           (fuse->second == stage_done || fuse->second == stage_pending);
}

// After a restart nothing is owed: its first step comes after all that the ledger holds.
Async<std::monostate> settle_anchor_step(Services& services) {
    if (!services.ongoing.anchor_owed || !services.anchor.holds()) co_return done();
    services.ongoing.anchor_owed = false;
    const auto step = co_await anchor_step(services, "settle", "daemon");
    if (step) co_return done();
    services.ongoing.anchor_owed = true;
    co_return Error(step.error()).within("anchor counter");
}

void note_seal(StopOutcome& outcome, const Seal& seal) {
    (void)note_stage(outcome, "sessions", seal.sessions);
    note_word(outcome, "anchor", seal.anchor);
    note_word(outcome, "crl", seal.crl);
}

// The chip is asked first of all, so that a disk that hangs or fails does not stand in its way;
// then the registry, so that a restart in between finds what is unfinished; then the ledger.
Async<StopOutcome> make_durable(Services& services, Stopping stopping) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    const AgentRow& row = stopping.row;
    const Verb& verb = *stopping.order.verb;
    const bool reaches_processes =
        verb.processes.has_value() && !services.launched.of(row.name).empty();
    extend_register(services, executor, stopping);
    Started<std::monostate> processes(executor, end_processes(services, row.name, verb.processes));
    auto ending = verb.stages.has(Stage::fuse) ? end_fuse(services, row.key.id) : not_needed();
    Started<std::string> fuse(executor, std::move(ending));
    StopOutcome outcome;
    outcome.reply.name = row.name;
    outcome.reply.state = to_string(row.state);
    outcome.reply.in_force_ns = stopping.in_force_ns;
    outcome.reply.stages["memory"] = stage_done;
    const bool kept = note_stage(outcome, "registry", save_newest(services, row));
    const Done recorded = co_await record_stop(services, stopping);
    const bool in_ledger = note_stage(outcome, "ledger", recorded);

    auto still = co_await processes.result();
    (void)note_stage(outcome, "processes", still);
    // A freeze that came later is not the kill that is owed.
    if (still && verb.processes == Ending::kill)
        mark_done(services, row.name, row.key.id, Stage::processes);
    if (still && !reaches_processes) outcome.reply.stages["processes"] = stage_not_needed;
    auto ended = co_await fuse.result();
    if (!ended) (void)note_stage(outcome, "fuse", ended.error());
    if (ended) outcome.reply.stages["fuse"] = *ended;
    // Only by whom it was blown: another's may be under way.
    if (ended && verb.stages.has(Stage::fuse))
        mark_done(services, row.name, row.key.id, Stage::fuse);
    outcome.durable = (kept && in_ledger) || (ended && *ended == stage_done);
    if (verb.stages.has(Stage::blob)) {
        const Done gone = co_await finish_blob(services, row, ended.has_value());
        (void)note_stage(outcome, "blob", gone);
    }
    outcome.reply.last_release_ns = services.containment.last_release(row.name);
    co_return outcome;
}

Answer stop_answer(const encode::Json& reply, bool durable, const std::string& trouble) {
    if (durable) return json_answer(reply);
    const Error error =
        Error(Code::unavailable, "stopped in memory, not yet durable: " + trouble, Retry::later)
            .because("not_durable");
    const api::Problem problem = api::problem_of(error, *reply.object());
    Answer answer;
    answer.status = problem.status;
    answer.content_type = "application/problem+json";
    answer.body = problem.body;
    return answer;
}

}  // namespace holdfast::daemon::handlers
