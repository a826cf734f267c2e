// POST /v1/agents/{name}/reinstate: undoes a suspension, durable first, in memory last.
#include <boost/asio/this_coro.hpp>

#include "api/admin_messages.h"
#include "api/messages.h"
#include "daemon/handlers/admin.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/handlers.h"
#include "daemon/handlers/instances.h"

namespace holdfast::daemon::handlers {
namespace {

Done may_reinstate(const Services& services, const AgentRow& row, const std::string& principal) {
    if (has_ended(row.state)) return ended_for_good(row);
    if (row.state == AgentState::active)
        return Error(Code::conflict, "agent " + row.name + " is not suspended")
            .because("not_suspended");
    if (row.changed_by == by_vanished_file)
        return Error(Code::conflict, "its agent file vanished: put it back and apply")
            .because("file_vanished");
    if (row.changed_by == principal && services.settings.reinstate_by != "anyone")
        return Error(Code::denied, principal + " suspended it: another principal must reinstate it")
            .because("same_principal");
    if (!row.pending.empty() || services.ongoing.unsaved.contains(row.name))
        return Error(Code::unavailable, "its suspension is not yet durable", Retry::later)
            .because("unsettled");
    return done();
}

}  // namespace

Async<Answer> reinstate(Services& services, const Call& call) {
    HOLDFAST_CO_CHECK(api::empty_request(call.body));
    auto row = current_row(services, call.argument);
    if (!row) co_return unknown_agent(call.argument);
    HOLDFAST_CO_CHECK(may_reinstate(services, *row, call.principal));

    const std::uint64_t stops = services.ongoing.stops;
    row->state = AgentState::active;
    auto record = containment_record(*row, "reinstate", call.principal);
    HOLDFAST_CO_TRY(index, co_await services.ledger.append("containment", std::move(record)));
    (void)index;
    // Whoever stopped an agent meanwhile had their answer: they win.
    if (services.ongoing.stops != stops)
        co_return Error(Code::conflict, "an agent was stopped meanwhile: look again, then repeat")
            .because("stopped_meanwhile");
    row->changed_by = call.principal;
    HOLDFAST_CO_CHECK(services.registry.put(*row));
    services.containment.set(row->name, AgentState::active);

    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    const auto declared = services.agents.find(row->name);
    if (declared != services.agents.end() && declared->second.launch)
        extend_beside(services, executor, "reinstate", event_of(row->name));
    // What was frozen goes on; what was killed stays so until it is launched.
    auto thawed = co_await end_all(services, row->name, Ending::thaw);
    api::Contained reply{row->name, std::string(to_string(row->state)), {}};
    reply.stages = {{"ledger", "done"}, {"registry", "done"}, {"memory", "done"}};
    reply.stages["fuse"] = "not_needed";
    reply.stages["processes"] = thawed ? "done" : "pending";
    co_return json_answer(api::to_json(reply));
}

}  // namespace holdfast::daemon::handlers
