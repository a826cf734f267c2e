// What runs at start, and what completes the containment that could not be finished before.
#include "daemon/handlers/admin.h"
#include "daemon/handlers/handlers.h"
#include "daemon/handlers/host_stop.h"
#include "daemon/handlers/instances.h"
#include "daemon/handlers/limits.h"
#include "daemon/handlers/older_registry.h"
#include "daemon/handlers/operators.h"
#include "daemon/handlers/policies.h"
#include "daemon/handlers/stopping.h"
#include "daemon/handlers/tombstones.h"
#include "daemon/handlers/triggers.h"
#include "daemon/log.h"

namespace holdfast::daemon::handlers {
namespace {

// Names first: rows change while their stages are awaited.
std::vector<std::string> unsettled_agents(const Services& services) {
    std::vector<std::string> names;
    for (const auto& [name, row] : services.registry.rows())
        if (!row.pending.empty() && !services.ongoing.unsaved.contains(name)) names.push_back(name);
    for (const auto& [name, row] : services.ongoing.unsaved)
        names.push_back(name);
    return names;
}

Async<std::monostate> settle_fuse(Services& services, AgentRow row) {
    HOLDFAST_CO_TRY(word, co_await end_fuse(services, row.key.id));
    if (word == stage_host_only) services.ongoing.anchor_owed = true;
    mark_done(services, row.name, row.key.id, Stage::fuse);
    co_return done();
}

}  // namespace

Async<std::monostate> settle_ledger(Services& services, AgentRow row) {
    auto record = containment_record(row, "settle", row.changed_by);
    HOLDFAST_CO_CHECK(co_await services.ledger.append("containment", std::move(record)));
    services.ongoing.anchor_owed = true;
    const auto now = current_row(services, row.name);
    if (now && now->state == row.state) mark_done(services, row.name, row.key.id, Stage::ledger);
    co_return done();
}

namespace {

Async<std::monostate> settle_processes(Services& services, AgentRow row) {
    if (!services.launched.complete()) co_return launcher_is_silent();
    HOLDFAST_CO_CHECK(co_await end_all(services, row.name, Ending::kill));
    mark_done(services, row.name, row.key.id, Stage::processes);
    co_return done();
}

Async<std::monostate> settle_blob(Services& services, AgentRow row) {
    const auto now = current_row(services, row.name);
    if (now && Stages::of(now->pending).has(Stage::fuse))
        co_return Error(Code::conflict, "the blob stays until its fuse is blown", Retry::later);
    HOLDFAST_CO_CHECK(co_await end_blob(services, row.key.id));
    mark_done(services, row.name, row.key.id, Stage::blob);
    co_return done();
}

// Every stage is tried, whatever became of the one before; the chip first.
Async<std::monostate> settle_agent(Services& services, AgentRow row) {
    Done worst = done();
    if (services.ongoing.unsaved.contains(row.name)) worst = save(services, row);
    const Stages pending = Stages::of(row.pending);
    if (pending.has(Stage::fuse)) {
        Done fuse = co_await settle_fuse(services, row);
        if (!fuse) worst = std::move(fuse).error();
    }
    if (pending.has(Stage::ledger)) {
        Done ledger = co_await settle_ledger(services, row);
        if (!ledger) worst = std::move(ledger).error().within("ledger");
    }
    if (pending.has(Stage::blob)) {
        Done blob = co_await settle_blob(services, row);
        if (!blob) worst = std::move(blob).error();
    }
    if (pending.has(Stage::processes)) {
        Done ended = co_await settle_processes(services, row);
        if (!ended) worst = std::move(ended).error().within("processes");
    }
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    bury(services, executor, row.name);
    co_return worst;
}

void contain_from_registry(Services& services) {
    services.containment.set_host(services.registry.host().state);
    for (const auto& [name, row] : services.registry.rows())
        services.containment.set(name, row.state, row.rate);
}

// Once, after an older program's registry was read: a scope also finds an agent whose file went.
void remember_scope(Services& services, AgentRow row, const policy::AgentFile& file) {
    if (row.sponsor == file.accountability.sponsor && row.environment == file.environment) return;
    row.sponsor = file.accountability.sponsor;
    row.environment = file.environment;
    const Done kept = services.registry.put(row);
    if (!kept) log_warning("agent " + row.name + ": " + kept.error().text());
}

// Only what was applied is in force: an edited file waits for `apply`, also across a restart.
void declare_from_files(Services& services) {
    auto files = policy::read_agent_files(services.settings.agents_dir);
    if (!files) {
        log_error("no agent is in force until apply: " + files.error().text());
        return;
    }
    services.agents.clear();
    for (auto& [name, file] : *files) {
        const AgentRow* row = services.registry.find(name);
        if (row == nullptr || row->state == AgentState::retired) {
            log_warning("agent " + name + " is declared but was never applied");
        } else if (row->file_digest != file.digest || !is_last_declared(services, file)) {
            log_warning("agent " + name + " is not in force: its file changed since apply");
        } else {
            remember_scope(services, *row, file);
            services.agents.emplace(name, std::move(file));
        }
    }
}

// An edited file waits for nobody here, and is on record. Whoever is not known approves nothing.
void name_operators(Services& services) {
    auto operators = policy::Operators::read(services.settings.operators_file);
    if (!operators) {
        log_error("no operator is known until apply: " + operators.error().text());
        return;
    }
    services.operators = *std::move(operators);
}

}  // namespace

bool unsettled(const Services& services) {
    return services.ongoing.anchor_owed || is_host_unsettled(services) ||
           !unsettled_agents(services).empty();
}

Async<std::monostate> settle(Services& services) {
    if (services.ongoing.settling) co_return done();
    const Held settling(services.ongoing.settling);
    Done worst = co_await settle_host(services);
    const std::vector<std::string> names = unsettled_agents(services);
    for (const std::string& name : names) {
        if (services.ongoing.containing.contains(name)) continue;
        auto row = current_row(services, name);
        if (!row) continue;
        Done settled = co_await settle_agent(services, *std::move(row));
        if (!settled) worst = std::move(settled).error().within("agent " + name);
    }
    Done anchored = co_await settle_anchor_step(services);
    if (!anchored) worst = std::move(anchored);
    co_return worst;
}

Async<std::monostate> start(Services& services) {
    contain_from_registry(services);
    take_stops_of_ledger(services);
    declare_from_files(services);
    name_operators(services);
    load_policies(services);
    take_declared_limits(services);
    begin_triggers(services);
    if (Done keys = check_event_keys(services.settings); !keys)
        log_warning("no security event token counts: security_events.keys: " + keys.error().text());
    Done asked = co_await take_host_fuse(services);
    if (!asked) log_warning("the host's state is unfinished: " + asked.error().text());
    Done settled = co_await settle(services);
    if (!settled) log_warning("containment is unfinished: " + settled.error().text());
    HOLDFAST_CO_CHECK(co_await record_operators(services, services.operators, "start"));
    encode::Json::Object record;
    record["agents"] = static_cast<std::int64_t>(services.agents.size());
    record["policies"] = static_cast<std::int64_t>(services.policies.sets().size());
    record["trust_domain"] = services.settings.trust_domain();
    record["version"] = HOLDFAST_VERSION;
    HOLDFAST_CO_CHECK(co_await services.ledger.append("start", std::move(record)));
    co_return done();
}

}  // namespace holdfast::daemon::handlers
