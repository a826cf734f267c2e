#include "daemon/handlers/instance_stop.h"

#include <boost/asio/this_coro.hpp>

#include <map>
#include <sstream>

#include "daemon/handlers/admin.h"
#include "daemon/handlers/instances.h"
#include "daemon/log.h"

namespace holdfast::daemon::handlers {
namespace {

// A launched instance outlives the front, so the registry knows who was stopped. Never more names
// than instances that run: whoever has ended is left out whenever the note is written.
constexpr const char* stopped_note = "stopped_instances";
constexpr const char* killed_mark = "+kill";  // after the name

using Stopped = std::map<std::string, bool>;  // instance → was it to be killed?

Stopped stopped_instances(const Services& services) {
    std::istringstream words(services.registry.note(stopped_note).value_or(""));
    Stopped instances;
    for (std::string word; words >> word;) {
        const bool killed = word.ends_with(killed_mark);
        instances[word.substr(0, word.find('+'))] = killed;
    }
    return instances;
}

Done write_stopped(Services& services, const Stopped& instances) {
    std::string text;
    for (const auto& [instance, killed] : instances)
        text += (text.empty() ? "" : " ") + instance + (killed ? killed_mark : "");
    Done kept = services.registry.set_note(stopped_note, text);
    if (!kept) return std::move(kept).error().within("registry");
    return done();
}

Done remember(Services& services, const std::string& instance, bool killed) {
    Stopped instances = stopped_instances(services);
    // Before the launcher has told of all, nobody knows that one has ended.
    if (services.launched.complete())
        std::erase_if(instances, [&](const auto& other) {
            return services.launched.find(other.first) == nullptr;
        });
    bool& is_killed = instances[instance];
    is_killed = is_killed || killed;
    return write_stopped(services, instances);
}

bool is_of(const Launched::Entry* entry, const std::string& agent) {
    return entry != nullptr && entry->facts.agent == agent;
}

Result<bool> is_launched_instance(const Services& services, const AgentRow& row,
                                  const StopOrder& order, const std::string& instance) {
    if (order.verb->target != AgentState::suspended)
        return Error(Code::invalid, "instance: only suspend and kill stop an instance")
            .because("malformed_request");
    if (is_of(services.launched.find(instance), row.name)) return true;
    if (services.containment.agent_of(instance) != row.name)
        return Error(Code::not_found, "agent " + row.name + " has no instance " + instance +
                                          " that is launched or connected")
            .because("unknown_instance");
    if (order.verb->processes == Ending::kill)
        return Error(Code::conflict,
                     "instance " + instance +
                         " was not launched by Holdfast: suspend ends its session, and its owner "
                         "its process")
            .because("not_launched");
    return false;
}

Async<std::monostate> end_process(Services& services, std::string instance, Ending ending) {
    if (ending != Ending::kill) co_return done();
    EndOrder order{std::move(instance), Ending::kill};
    auto ended = co_await services.launcher.end(std::move(order));
    if (!ended && ended.error().code() != Code::not_found) co_return std::move(ended).error();
    co_return done();
}

Async<std::monostate> record(Services& services, const AgentRow& row, const StopOrder& order,
                             std::string instance) {
    auto members = containment_record(row, std::string(order.verb->name), order.by);
    members["instance"] = std::move(instance);
    if (!order.reason.empty()) members["reason"] = order.reason;
    auto appended = services.ledger.append("containment", std::move(members));
    auto index = co_await std::move(appended);
    if (!index) co_return std::move(index).error().within("ledger");
    co_return done();
}

}  // namespace

Async<Answer> stop_instance(Services& services, AgentRow row, StopOrder order,
                            std::string instance) {
    HOLDFAST_CO_TRY(launched, is_launched_instance(services, row, order, instance));
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    StopOutcome outcome;
    outcome.reply.name = row.name;
    outcome.reply.state = to_string(services.containment.state_of(row.name));
    outcome.reply.instance = instance;
    // In memory first, as ever.
    outcome.reply.in_force_ns = services.containment.stop_instance(instance);
    services.launched.end_session(instance);
    outcome.reply.stages = {{"memory", stage_done}, {"fuse", stage_not_needed}};
    const bool kills = order.verb->processes == Ending::kill;
    if (launched) {
        auto event = event_of(row.name);
        event["instance"] = instance;
        extend_beside(services, executor, kills ? "kill" : "stop", std::move(event));
    }
    Done remembered = launched ? remember(services, instance, kills) : done();
    const bool kept = note_stage(outcome, "registry", remembered);
    if (!launched) outcome.reply.stages["registry"] = stage_not_needed;
    const Done recorded = co_await record(services, row, order, instance);
    const bool in_ledger = note_stage(outcome, "ledger", recorded);
    const Done ended = co_await end_process(services, instance, *order.verb->processes);
    (void)note_stage(outcome, "processes", ended);
    if (!kills) outcome.reply.stages["processes"] = stage_not_needed;
    outcome.reply.last_release_ns = services.containment.last_release(row.name);
    co_return stop_answer(api::to_json(outcome.reply), kept && in_ledger, outcome.trouble);
}

bool was_stopped(const Services& services, const std::string& instance) {
    return stopped_instances(services).contains(instance);
}

bool was_killed(const Services& services, const std::string& instance) {
    const Stopped stopped = stopped_instances(services);
    const auto found = stopped.find(instance);
    return found != stopped.end() && found->second;
}

void forget_stopped(Services& services, const std::string& instance) {
    Stopped instances = stopped_instances(services);
    if (instances.erase(instance) == 0) return;
    const Done kept = write_stopped(services, instances);
    if (!kept) log_warning(kept.error().text());
}

}  // namespace holdfast::daemon::handlers
