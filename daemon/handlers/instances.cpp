// GET /v1/instances, POST /v1/agents/{name}/stop; and what happens to instances by themselves.
#include "daemon/handlers/instances.h"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "api/messages.h"
#include "core/encode/base64.h"
#include "daemon/handlers/admin.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/handlers.h"
#include "daemon/handlers/host_stop.h"
#include "daemon/handlers/instance_stop.h"
#include "daemon/handlers/triggers.h"
#include "daemon/link/bell.h"
#include "daemon/log.h"

namespace holdfast::daemon::handlers {
namespace {

encode::Json::Object event_of(const Launched::Entry& entry) {
    encode::Json::Object event;
    event["agent"] = entry.facts.agent;
    event["instance"] = entry.facts.instance;
    return event;
}

// A kill that did not reach them.
bool owes_a_kill(const Services& services, const std::string& agent) {
    const auto row = current_row(services, agent);
    return (row && Stages::of(row->pending).has(Stage::processes)) ||
           Stages::of(current_host(services).pending).has(Stage::processes);
}

Ending ending_for(const Services& services, const std::string& agent) {
    const bool ended =
        has_ended(services.containment.state_of(agent)) || has_ended(services.containment.host());
    return ended || owes_a_kill(services, agent) ? Ending::kill : Ending::freeze;
}

// What must not run on, by its agent's state or its own.
std::optional<Ending> ending_due(const Services& services, const Launched::Entry& entry) {
    if (was_killed(services, entry.facts.instance)) return Ending::kill;
    if (!services.containment.allows(entry.facts.agent))
        return ending_for(services, entry.facts.agent);
    if (entry.over && entry.facts.kill_on_change) return Ending::kill;
    return std::nullopt;
}

// What was launched before this front or this launcher began.
Async<std::monostate> take_over(Services& services, std::string instance) {
    HOLDFAST_CO_TRY(facts, co_await services.launcher.describe(instance));
    if (!facts.running) co_return done();  // between prepared and released: its handler has it
    HOLDFAST_CO_CHECK(services.launched.add(std::move(facts)));
    const auto due = ending_due(services, *services.launched.find(instance));
    // An operator ended its session and let it live: no reason to kill it now.
    if (was_stopped(services, instance)) services.launched.end_session(instance);
    if (!due) co_return done();
    EndOrder order{instance, *due};
    co_return co_await services.launcher.end(std::move(order));
}

}  // namespace

encode::Json::Object event_of(const std::string& agent) {
    encode::Json::Object event;
    event["agent"] = agent;
    return event;
}

api::Launch launch_reply(const LaunchedInstance& facts) {
    api::Launch reply;
    reply.agent = facts.agent;
    reply.instance = facts.instance;
    reply.version = facts.version;
    reply.manifest = facts.manifest;
    reply.tree = facts.tree;
    reply.signers = facts.signers == attest::Signers::leader ? "leader" : "tree";
    reply.pid = facts.pid;
    reply.uid = facts.uid;
    reply.cgroup = facts.cgroup;
    reply.log = facts.log;
    reply.missing = facts.missing;
    return reply;
}

Async<std::monostate> record_event(Services& services, std::string type, encode::Json::Object event,
                                   std::string by) {
    event["by"] = std::move(by);
    HOLDFAST_CO_TRY(index, co_await services.ledger.append(std::move(type), std::move(event)));
    (void)index;
    co_return done();
}

Async<std::monostate> extend_event(Services& services, std::string type,
                                   encode::Json::Object event) {
    event["time"] = services.now();
    event["type"] = std::move(type);
    std::string content = encode::canonical(encode::Json(std::move(event)));
    HOLDFAST_CO_TRY(position, co_await services.keys.extend_register(std::move(content)));
    (void)position;
    co_return done();
}

void extend_beside(Services& services, const boost::asio::any_io_executor& executor,
                   std::string type, encode::Json::Object event) {
    const auto watch = [](Async<std::monostate> extending) -> boost::asio::awaitable<void> {
        const auto extended = co_await std::move(extending);
        if (!extended && extended.error().reason() != "register_absent")
            log_warning("register: " + extended.error().text());
    };
    run_beside(executor, watch(extend_event(services, std::move(type), std::move(event))));
}

void extend_for_each(Services& services, const boost::asio::any_io_executor& executor,
                     const std::string& type) {
    std::set<std::string> running;
    for (const auto& [instance, entry] : services.launched.entries())
        running.insert(entry.facts.agent);
    for (const std::string& agent : running)
        extend_beside(services, executor, type, event_of(agent));
}

namespace {

// One that has ended by itself is as good as ended.
Async<std::monostate> end_one(Services& services, std::string instance, Ending ending) {
    EndOrder order{std::move(instance), ending};
    auto ended = co_await services.launcher.end(std::move(order));
    if (!ended && ended.error().code() == Code::not_found) co_return done();
    co_return ended;
}

Async<std::monostate> end_each(Services& services, std::vector<std::string> instances,
                               Ending ending) {
    Done worst = done();
    for (const std::string& instance : instances) {
        auto ended = co_await end_one(services, instance, ending);
        if (!ended) worst = std::move(ended);
    }
    co_return worst;
}

// Whoever stopped or reinstated it meanwhile has its instances to see to.
bool is_still_due(const Services& services, const std::string& agent, Ending ending) {
    const bool may_run = services.containment.allows(agent).has_value();
    return (ending != Ending::thaw || may_run) && (ending != Ending::freeze || !may_run);
}

}  // namespace

Async<std::monostate> end_all(Services& services, std::string agent, Ending ending) {
    const auto instances = services.launched.of(agent);
    Done worst = done();
    for (const std::string& instance : instances) {
        if (!is_still_due(services, agent, ending)) break;
        auto ended = co_await end_one(services, instance, ending);
        if (!ended) worst = std::move(ended);
    }
    co_return worst;
}

Error launcher_is_silent() {
    return {Code::unavailable, "the launcher has not told yet what runs", Retry::later};
}

Async<Answer> list_instances(Services& services, const Call& call) {
    HOLDFAST_CO_CHECK(api::empty_request(call.body));
    std::vector<api::Launch> launches;
    for (const auto& [instance, entry] : services.launched.entries()) {
        launches.push_back(launch_reply(entry.facts));
        launches.back().session_over = entry.over;
    }
    std::vector<api::Ending> endings;
    for (const auto& ended : services.launched.endings())
        endings.push_back({ended.agent, ended.instance, ended.how});
    co_return json_answer(api::to_json(launches, endings));
}

Async<Answer> stop(Services& services, const Call& call) {
    HOLDFAST_CO_TRY(request, api::stop_request(call.body));
    if (!current_row(services, call.argument)) co_return unknown_agent(call.argument);
    api::Stopped reply{call.argument, services.launched.of(call.argument)};
    if (request.instance)
        std::erase_if(reply.instances, [&](const auto& one) { return one != *request.instance; });
    if (reply.instances.empty())
        co_return Error(Code::conflict, "no instance of agent " + call.argument + " runs")
            .because("not_running");
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    for (const std::string& instance : reply.instances) {
        const Launched::Entry* entry = services.launched.find(instance);
        if (entry == nullptr) continue;
        auto event = event_of(*entry);
        extend_beside(services, executor, "stop", event);
        HOLDFAST_CO_CHECK(
            co_await record_event(services, "stop", std::move(event), call.principal));
    }
    HOLDFAST_CO_CHECK(co_await end_each(services, reply.instances, Ending::stop));
    co_return json_answer(api::to_json(reply));
}

Async<std::monostate> instance_notice(Services& services, LaunchNotice notice) {
    const Launched::Entry* entry = services.launched.find(notice.instance);
    if (entry == nullptr) co_return done();  // never released, and told to its handler
    auto event = event_of(*entry);
    std::string type = "ended";
    if (notice.kind == LaunchNotice::Kind::exec_refused) {
        type = "exec_refused";
        const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
        extend_beside(services, executor, type, event);
        services.launched.end_session(notice.instance);
        note_drift(services, entry->facts.agent, type, notice.instance);
    } else {
        services.launched.remember({entry->facts.agent, notice.instance, notice.detail});
        event["how"] = std::move(notice.detail);
        services.launched.remove(notice.instance);
        forget_stopped(services, notice.instance);
    }
    co_return co_await record_event(services, std::move(type), std::move(event), by_itself);
}

// In memory at once; the record and the kill follow.
Async<std::monostate> session_over(Services& services, std::string instance, std::string reason) {
    const Launched::Entry* entry = services.launched.find(instance);
    if (entry == nullptr || entry->over) co_return done();
    services.launched.end_session(instance);
    const bool must_die = entry->facts.kill_on_change;
    auto event = event_of(*entry);
    note_drift(services, entry->facts.agent, reason, instance);
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    extend_beside(services, executor, must_die ? "kill" : "stop", event);
    event["reason"] = std::move(reason);
    if (must_die) {
        EndOrder order{instance, Ending::kill};
        (void)co_await services.launcher.end(std::move(order));
    }
    co_return co_await record_event(services, "session_over", std::move(event), by_itself);
}

Async<std::monostate> recheck_trees(Services& services) {
    std::set<Sha256> manifests;
    for (const auto& [instance, entry] : services.launched.entries())
        if (!entry.over) manifests.insert(entry.facts.manifest);
    Done worst = done();
    for (const Sha256& manifest : manifests) {
        auto same = co_await services.measurer.check_view(manifest);
        if (same) continue;
        worst = std::move(same);
        // A measurer that is away says nothing about the tree.
        if (worst.error().reason() != "store_changed") continue;
        for (const std::string& instance : services.launched.running(manifest))
            (void)co_await session_over(services, instance, "store_changed");
    }
    co_return worst;
}

namespace {

Async<std::monostate> kill_abandoned(Services& services, std::string instance) {
    EndOrder kill{std::move(instance), Ending::kill};
    co_return co_await services.launcher.end(std::move(kill));
}

}  // namespace

Async<std::monostate> take_over_instances(Services& services) {
    std::vector<std::string> known;
    for (const auto& [instance, entry] : services.launched.entries())
        known.push_back(instance);
    HOLDFAST_CO_TRY(instances, co_await services.launcher.running());
    Done worst = done();
    // Its end was told to a launcher that died before it told us.
    for (const std::string& instance : known) {
        if (std::find(instances.begin(), instances.end(), instance) != instances.end()) continue;
        LaunchNotice gone{LaunchNotice::Kind::ended, instance,
                          "ended; how is not known, since the launcher was replaced meanwhile"};
        auto noted = co_await instance_notice(services, std::move(gone));
        if (!noted) worst = std::move(noted);
    }
    for (const std::string& instance : instances) {
        const bool must_end = services.launched.is_abandoned(instance);
        auto taking = must_end ? kill_abandoned(services, instance) : take_over(services, instance);
        auto taken = co_await std::move(taking);
        if (!taken) worst = std::move(taken);
    }
    services.launched.set_complete(true);
    co_return worst;
}

}  // namespace holdfast::daemon::handlers
