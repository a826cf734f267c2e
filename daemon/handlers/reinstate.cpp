// POST /v1/agents/{name}/reinstate: undoes a stop, durable first, in memory last.
#include <boost/asio/this_coro.hpp>

#include "api/contain_messages.h"
#include "daemon/handlers/admin.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/handlers.h"
#include "daemon/handlers/instances.h"
#include "daemon/handlers/reinstating.h"
#include "daemon/handlers/revocations.h"
#include "daemon/log.h"

namespace holdfast::daemon::handlers {
namespace {

Done may_reinstate(const Services& services, const AgentRow& row, const std::string& principal) {
    if (has_ended(row.state)) return ended_for_good(row);
    if (row.state == AgentState::active)
        return Error(Code::conflict, "agent " + row.name + " is not suspended")
            .because("not_suspended");
    // Whoever suspended it: without a file nobody answers for it.
    if (row.changed_by == by_vanished_file || !services.agents.contains(row.name))
        return Error(Code::conflict,
                     "no file of agent " + row.name + " is in force: put it back and apply")
            .because("file_vanished");
    if (services.settings.reinstate_by != "anyone" &&
        is_same_person(services, row.changed_by, principal))
        return Error(Code::denied, row.changed_by + " stopped it: another one must reinstate it")
            .because("same_principal");
    if (!row.pending.empty() || services.ongoing.unsaved.contains(row.name))
        return Error(Code::unavailable, "its stop is not yet durable", Retry::later)
            .because("unsettled");
    return done();
}

// The row as it is when nothing is demanded any more.
AgentRow reinstated(AgentRow row, const ReinstateOrder& order) {
    row.state = AgentState::active;
    row.changed_by = order.by;
    row.reason = order.reason;
    row.rate = 0;
    return row;
}

// Read again after the wait: what came meanwhile wins, and only the state is changed.
Result<AgentRow> row_after(Services& services, const ReinstateOrder& order, std::uint64_t stops) {
    if (services.ongoing.stops[order.agent] != stops)
        return Error(Code::conflict,
                     "agent " + order.agent + " was stopped meanwhile: look again, then repeat")
            .because("stopped_meanwhile");
    auto row = current_row(services, order.agent);
    if (!row) return unknown_agent(order.agent);
    HOLDFAST_CHECK(may_reinstate(services, *row, order.by));
    return reinstated(*std::move(row), order);
}

encode::Json::Object record_of(const AgentRow& row, const ReinstateOrder& order) {
    auto record = containment_record(row, "reinstate", order.by);
    if (!order.reason.empty()) record["reason"] = order.reason;
    return record;
}

Result<AgentRow> store(Services& services, const ReinstateOrder& order, std::uint64_t stops) {
    HOLDFAST_TRY(row, row_after(services, order, stops));
    HOLDFAST_CHECK(services.registry.put(row));
    return row;
}

// The ledger may say that it was reinstated, and it was not: the last word is the state that holds.
// Where the ledger cannot take it now, settle() goes on trying.
Async<std::monostate> take_back(Services& services, std::string agent) {
    auto row = current_row(services, agent);
    if (!row || row->state == AgentState::active) co_return done();
    const Containing containing(services, agent);
    // A reinstatement that is under way has its record before this one.
    ++services.ongoing.stops[agent];
    Stages pending = Stages::of(row->pending);
    pending.add({Stage::ledger});
    row->pending = pending.text();
    (void)save(services, *row);  // a row that cannot be written stays unsaved
    co_return co_await settle_ledger(services, *std::move(row));
}

// Record, then row. timeout: nobody knows whether the record is there.
Async<AgentRow> record_and_store(Services& services, ReinstateOrder order, AgentRow row) {
    const std::uint64_t stops = services.ongoing.stops[order.agent];
    auto record = record_of(reinstated(std::move(row), order), order);
    auto appended = services.ledger.append("containment", std::move(record));
    const auto index = co_await std::move(appended);
    if (!index && index.error().code() != Code::timeout) co_return index.error();
    auto stored = index ? store(services, order, stops) : Result<AgentRow>(index.error());
    if (stored) co_return stored;
    const Done taken_back = co_await take_back(services, order.agent);
    if (!taken_back) log_warning("agent " + order.agent + ": " + taken_back.error().text());
    co_return stored;
}

}  // namespace

Async<Reinstated> reinstate_agent(Services& services, ReinstateOrder order) {
    auto row = current_row(services, order.agent);
    if (!row) co_return unknown_agent(order.agent);
    HOLDFAST_CO_CHECK(may_reinstate(services, *row, order.by));

    const bool stood_still = !may_act(row->state);
    auto storing = record_and_store(services, std::move(order), *std::move(row));
    HOLDFAST_CO_TRY(after, co_await std::move(storing));
    api::Contained reply;
    reply.name = after.name;
    reply.state = to_string(after.state);
    reply.in_force_ns = services.containment.set(after.name, AgentState::active);
    reply.last_release_ns = services.containment.last_release(after.name);

    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    const auto declared = services.agents.find(after.name);
    if (stood_still && declared != services.agents.end() && declared->second.launch)
        extend_beside(services, executor, "reinstate", event_of(after.name));
    // What was killed stays so until it is launched.
    auto thawed = co_await end_all(services, after.name, Ending::thaw);
    reply.stages = {{"ledger", stage_done}, {"registry", stage_done}, {"memory", stage_done}};
    reply.stages["fuse"] = stage_not_needed;
    reply.stages["processes"] = thawed ? stage_done : stage_pending;
    co_return Reinstated{std::move(reply), stood_still};
}

Async<Answer> reinstate(Services& services, const Call& call) {
    HOLDFAST_CO_TRY(request, api::stop_agent_request(call.body));
    if (request.rate || request.instance)
        co_return Error(Code::invalid, "reinstate takes a reason and nothing else")
            .because("malformed_request");
    ReinstateOrder order{call.argument, call.principal, request.reason};
    HOLDFAST_CO_TRY(lifted, co_await reinstate_agent(services, std::move(order)));
    HOLDFAST_CO_TRY(listed, co_await list_word(services, lifted.moves_credentials));
    lifted.reply.stages["crl"] = std::move(listed);
    co_return json_answer(api::to_json(lifted.reply));
}

}  // namespace holdfast::daemon::handlers
