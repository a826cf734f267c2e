// POST /v1/agents/{name}/suspend|kill|revoke|retire: stopping an agent, down in the chip.
#include <boost/asio/this_coro.hpp>

#include "api/admin_messages.h"
#include "api/messages.h"
#include "api/problem.h"
#include "daemon/handlers/admin.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/handlers.h"
#include "daemon/handlers/instances.h"
#include "daemon/handlers/started.h"

namespace holdfast::daemon::handlers {
namespace {

struct Outcome {
    bool registry = false;
    bool ledger = false;
    bool fuse = false;  // durable in the chip
    std::map<std::string, std::string> stages;
    std::string trouble;  // the first thing that did not work
};

bool note(Outcome& outcome, const char* stage, const Done& result) {
    outcome.stages[stage] = result ? stage_done : stage_pending;
    if (!result && outcome.trouble.empty()) outcome.trouble = result.error().text();
    return result.has_value();
}

struct Stop {
    std::string verb;  // "suspend", "kill", "revoke", "retire"
    std::string by;
    AgentState target;
    Stages stages;
    Ending processes;  // what becomes of those that run
};

// In memory before anything else, and without waiting: from here on nothing is released.
AgentRow stop_in_memory(Services& services, AgentRow row, const Stop& stop,
                        std::string changed_by) {
    ++services.ongoing.stops;
    services.containment.set(row.name, stop.target);
    services.credentials.forget(row.name);
    services.ongoing.approvals.forget(row.name);
    row.state = stop.target;
    row.changed_by = std::move(changed_by);
    Stages pending = Stages::of(row.pending);
    pending.add(stop.stages);
    row.pending = pending.text();
    return row;
}

Async<std::string> no_fuse() {
    co_return std::string(stage_not_needed);
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

// The chip is asked first of all, so that a disk that hangs or fails does not stand in its way;
// then the registry, so that a restart in between finds what is unfinished; then the ledger.
Async<Outcome> carry_out(Services& services, AgentRow row, Stop stop) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    const bool is_running = !services.launched.of(row.name).empty();
    const auto declared = services.agents.find(row.name);
    if (declared == services.agents.end() || declared->second.launch)
        extend_beside(services, executor, stop.verb, event_of(row.name));
    Started<std::monostate> processes(executor, end_all(services, row.name, stop.processes));
    auto ending = stop.stages.has(Stage::fuse) ? end_fuse(services, row.key.id) : no_fuse();
    Started<std::string> fuse(executor, std::move(ending));
    Outcome outcome;
    outcome.registry = note(outcome, "registry", save(services, row));

    auto record = containment_record(row, stop.verb, stop.by);
    auto appended = services.ledger.append("containment", std::move(record));
    const Done recorded = without_index(co_await std::move(appended));
    outcome.ledger = note(outcome, "ledger", recorded);
    // Another verb that came meanwhile has its own record still to write.
    const auto now = current_row(services, row.name);
    if (recorded && now && now->state == row.state)
        mark_done(services, row.name, row.key.id, Stage::ledger);

    auto still = co_await processes.result();
    (void)note(outcome, "processes", still);
    if (!is_running) outcome.stages["processes"] = stage_not_needed;
    auto ended = co_await fuse.result();
    if (!ended) (void)note(outcome, "fuse", ended.error());
    if (ended) outcome.stages["fuse"] = *ended;
    outcome.fuse = ended && *ended == stage_done;
    if (ended) mark_done(services, row.name, row.key.id, Stage::fuse);
    if (!stop.stages.has(Stage::blob)) co_return outcome;
    const Done gone = co_await end_blob_after_fuse(services, row.key.id, ended.has_value());
    if (note(outcome, "blob", gone)) mark_done(services, row.name, row.key.id, Stage::blob);
    co_return outcome;
}

// 200 only if a restart cannot undo it: the chip has it, or record and registry both do.
Answer answer_of(const AgentRow& row, AgentState state, Outcome outcome) {
    const bool durable = outcome.fuse || (outcome.ledger && outcome.registry);
    api::Contained reply{row.name, std::string(to_string(state)), std::move(outcome.stages)};
    reply.stages["memory"] = stage_done;
    if (durable) return json_answer(api::to_json(reply));

    const Error error =
        Error(Code::unavailable, "stopped in memory, not yet durable: " + outcome.trouble,
              Retry::later)
            .because("not_durable");
    const api::Problem problem = api::problem_of(error, *api::to_json(reply).object());
    Answer answer;
    answer.status = problem.status;
    answer.content_type = "application/problem+json";
    answer.body = problem.body;
    return answer;
}

Async<Answer> stop_agent(Services& services, AgentRow row, Stop stop, std::string changed_by) {
    const Containing containing(services, row.name);
    const AgentState target = stop.target;
    row = stop_in_memory(services, std::move(row), stop, std::move(changed_by));
    HOLDFAST_CO_TRY(outcome, co_await carry_out(services, row, std::move(stop)));
    co_return answer_of(row, target, std::move(outcome));
}

// Stopped by this verb before, and nothing left to do.
Answer already(const AgentRow& row, const Stages& stages) {
    api::Contained reply{row.name, std::string(to_string(row.state)), {}};
    reply.stages = {{"memory", stage_done}, {"registry", stage_done}, {"ledger", stage_done}};
    reply.stages["fuse"] = stages.has(Stage::fuse) ? stage_done : stage_not_needed;
    if (stages.has(Stage::blob)) reply.stages["blob"] = stage_done;
    return json_answer(api::to_json(reply));
}

}  // namespace

namespace {

// Suspended either way: frozen where it stands, or ended.
Async<Answer> suspend_by(Services& services, const Call& call, std::string verb, Ending processes) {
    HOLDFAST_CO_CHECK(api::empty_request(call.body));
    auto row = current_row(services, call.argument);
    if (!row) co_return unknown_agent(call.argument);
    if (row->state > AgentState::suspended) co_return ended_for_good(*row);
    // Who suspended first stays responsible: the second principal must not unlock the first one's
    // reinstatement. A vanished file is nobody, so an operator takes over from it.
    Stop stop{std::move(verb), call.principal, AgentState::suspended, {Stage::ledger}, processes};
    const bool taken = row->state == AgentState::suspended && row->changed_by != by_vanished_file;
    std::string changed_by = taken ? row->changed_by : call.principal;
    co_return co_await stop_agent(services, *std::move(row), std::move(stop),
                                  std::move(changed_by));
}

}  // namespace

Async<Answer> suspend(Services& services, const Call& call) {
    co_return co_await suspend_by(services, call, "suspend", Ending::freeze);
}

Async<Answer> kill(Services& services, const Call& call) {
    co_return co_await suspend_by(services, call, "kill", Ending::kill);
}

Async<Answer> revoke(Services& services, const Call& call) {
    HOLDFAST_CO_CHECK(api::empty_request(call.body));
    auto row = current_row(services, call.argument);
    if (!row) co_return unknown_agent(call.argument);
    if (row->state == AgentState::retired) co_return ended_for_good(*row);
    const Stages stages = {Stage::ledger, Stage::fuse};
    if (row->state == AgentState::revoked && row->pending.empty() &&
        !services.ongoing.containing.contains(row->name))
        co_return already(*row, stages);
    Stop stop{"revoke", call.principal, AgentState::revoked, stages, Ending::kill};
    std::string changed_by = call.principal;
    co_return co_await stop_agent(services, *std::move(row), std::move(stop),
                                  std::move(changed_by));
}

Async<Answer> retire(Services& services, const Call& call) {
    HOLDFAST_CO_CHECK(api::empty_request(call.body));
    auto row = current_row(services, call.argument);
    if (!row) co_return unknown_agent(call.argument);
    const Stages stages = {Stage::ledger, Stage::fuse, Stage::blob};
    if (row->state == AgentState::retired && row->pending.empty() &&
        !services.ongoing.containing.contains(row->name))
        co_return already(*row, stages);
    services.agents.erase(row->name);
    Stop stop{"retire", call.principal, AgentState::retired, stages, Ending::kill};
    std::string changed_by = call.principal;
    co_return co_await stop_agent(services, *std::move(row), std::move(stop),
                                  std::move(changed_by));
}

}  // namespace holdfast::daemon::handlers
