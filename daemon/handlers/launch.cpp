// POST /v1/agents/{name}/launch: measured and recorded before the first instruction.
#include <boost/asio/this_coro.hpp>

#include "api/launch_messages.h"
#include "attest/evidence/challenge.h"
#include "core/crypto/digest.h"
#include "core/encode/base64.h"
#include "daemon/handlers/admin.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/handlers.h"
#include "daemon/handlers/instances.h"
#include "daemon/log.h"

namespace holdfast::daemon::handlers {
namespace {

constexpr std::size_t instance_bytes = 16;

// Everything that needs no launcher.
Result<AgentRow> may_launch(const Services& services, const std::string& agent) {
    const auto row = current_row(services, agent);
    if (!row) return unknown_agent(agent);
    HOLDFAST_CHECK(services.containment.allows(agent));
    const auto file = services.agents.find(agent);
    if (file == services.agents.end())
        return Error(Code::conflict, "agent " + agent + " is not in force: apply its file")
            .because("not_in_force");
    if (!file->second.launch)
        return Error(Code::denied, "agent " + agent +
                                       " is recognised from outside: its file has "
                                       "no [launch]")
            .because("not_launchable");
    if (services.settings.dev)
        return Error(Code::denied, "with --dev all processes share one uid: nothing is launched")
            .because("not_separated");
    HOLDFAST_CHECK(services.ledger.writable());
    HOLDFAST_CHECK(services.keys.available(row->key.id));
    HOLDFAST_CHECK(services.launcher.available());
    return *row;
}

encode::Json::Object launch_event(const LaunchedInstance& launched, const AgentRow& row) {
    encode::Json::Object event;
    event["agent"] = launched.agent;
    event["arguments_environment"] = encode::hex(launched.arguments_environment);
    event["cgroup"] = static_cast<std::int64_t>(launched.cgroup);
    event["instance"] = launched.instance;
    event["key_name"] = encode::base64url(attest::key_name_of(row.key));
    event["manifest"] = encode::hex(launched.manifest);
    event["sandbox"] = encode::hex(launched.sandbox);
    event["tree"] = encode::hex(launched.tree);
    event["uid"] = static_cast<std::int64_t>(launched.uid);
    return event;
}

// Ledger and chip first; then, in one step, registered and known to be allowed.
Async<std::monostate> record_and_register(Services& services, LaunchedInstance launched,
                                          AgentRow row, std::string by) {
    const std::string agent = launched.agent;
    auto event = launch_event(launched, row);
    HOLDFAST_CO_CHECK(co_await record_event(services, "launch", event, std::move(by)));
    auto extended = co_await extend_event(services, "launch", std::move(event));
    if (!extended && extended.error().reason() == "register_absent") {
        launched.missing.emplace_back("no register in the chip: the launch cannot be proved");
    } else if (!extended) {
        co_return std::move(extended).error().within("register");
    }
    // A stop, or another declaration, meanwhile wins.
    HOLDFAST_CO_TRY(still, may_launch(services, agent));
    if (still.key.id != row.key.id)
        co_return Error(Code::conflict, "the agent's key was replaced meanwhile", Retry::later);
    co_return services.launched.add(std::move(launched));
}

Async<std::monostate> record_refused(Services& services, std::string agent, std::string instance,
                                     std::string reason, std::string by) {
    encode::Json::Object refused;
    refused["agent"] = std::move(agent);
    refused["instance"] = std::move(instance);
    refused["reason"] = reason.empty() ? "not_started" : std::move(reason);
    co_return co_await record_event(services, "launch_refused", std::move(refused), std::move(by));
}

Async<std::monostate> release(Services& services, LaunchedInstance launched, AgentRow row,
                              std::string by) {
    const std::string agent = launched.agent;
    const std::string instance = launched.instance;
    auto registering = record_and_register(services, std::move(launched), std::move(row), by);
    auto registered = co_await std::move(registering);
    Done outcome = std::move(registered);
    if (outcome) {
        auto released = co_await services.launcher.release(instance);
        outcome = std::move(released);
    }
    if (outcome) co_return done();
    services.launched.remove(instance);
    EndOrder kill{instance, Ending::kill};
    auto killed = co_await services.launcher.end(std::move(kill));
    if (!killed && killed.error().code() != Code::not_found) services.launched.abandon(instance);
    // Ledger and register may have its launch already: they learn that it never ran.
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    encode::Json::Object never_ran = event_of(agent);
    never_ran["instance"] = instance;
    extend_beside(services, executor, "stop", std::move(never_ran));
    auto refusing = record_refused(services, agent, instance, outcome.error().reason(), by);
    (void)co_await std::move(refusing);
    co_return std::move(outcome).error();
}

}  // namespace

Async<Answer> launch(Services& services, const Call& call) {
    HOLDFAST_CO_TRY(request, api::launch_request(call.body));
    HOLDFAST_CO_TRY(row, may_launch(services, call.argument));
    HOLDFAST_CO_TRY(random, crypto::random_bytes(instance_bytes));
    LaunchOrder order{call.argument, encode::hex(random), request.manifest,
                      request.allow_downgrade};
    const std::string instance = order.instance;
    auto prepared = co_await services.launcher.prepare(std::move(order));
    if (!prepared) {
        auto refusing = record_refused(services, call.argument, instance, prepared.error().reason(),
                                       call.principal);
        (void)co_await std::move(refusing);
        co_return std::move(prepared).error();
    }
    // What it is told of, also when it has ended by then: some agents are soon done.
    const api::Launch reply = launch_reply(*prepared);
    auto releasing = release(services, *std::move(prepared), std::move(row), call.principal);
    HOLDFAST_CO_CHECK(co_await std::move(releasing));
    const Launched::Entry* entry = services.launched.find(instance);
    co_return json_answer(api::to_json(entry == nullptr ? reply : launch_reply(entry->facts)));
}

}  // namespace holdfast::daemon::handlers
