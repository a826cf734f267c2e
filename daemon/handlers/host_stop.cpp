#include "daemon/handlers/host_stop.h"

#include <boost/asio/this_coro.hpp>

#include <array>
#include <utility>
#include <vector>

#include "daemon/handlers/admin.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/instances.h"
#include "daemon/handlers/revocations.h"
#include "daemon/handlers/started.h"
#include "daemon/handlers/stopping.h"
#include "daemon/log.h"

namespace holdfast::daemon::handlers {
namespace {

// While a host verb runs, settle_host() leaves the host alone.
class HostVerb {
  public:
    explicit HostVerb(Services& services) : verbs_(services.ongoing.host_verbs) { ++verbs_; }
    HostVerb(const HostVerb&) = delete;
    HostVerb& operator=(const HostVerb&) = delete;
    ~HostVerb() { --verbs_; }

  private:
    int& verbs_;
};

Done save_host(Services& services, const HostRow& row) {
    Done written = services.registry.put_host(row);
    if (written) {
        services.ongoing.unsaved_host.reset();
        return written;
    }
    services.ongoing.unsaved_host = row;
    return std::move(written).error().within("registry");
}

void owe(HostRow& row, const Stages& stages) {
    Stages pending = Stages::of(row.pending);
    pending.add(stages);
    row.pending = pending.text();
}

void mark_host_done(Services& services, Stage stage) {
    HostRow row = current_host(services);
    Stages pending = Stages::of(row.pending);
    if (!pending.has(stage)) return;
    pending.remove(stage);
    row.pending = pending.text();
    (void)save_host(services, row);  // a row that cannot be written stays unsaved
}

encode::Json::Object host_record(const HostRow& row, std::string verb, std::string by) {
    encode::Json::Object record;
    record["by"] = std::move(by);
    if (!row.reason.empty()) record["reason"] = row.reason;
    record["scope"] = "host";
    record["state"] = to_string(row.state);
    record["verb"] = std::move(verb);
    return record;
}

Error ended_host() {
    return Error(Code::conflict,
                 "the host fuse is blown in the chip: no agent or CA key of this host signs again, "
                 "and nothing undoes that; set the host up anew")
        .because("host_revoked");
}

// In memory, and without waiting: one change for every agent.
std::int64_t stop_in_memory(Services& services, AgentState state) {
    ++services.ongoing.host_stops;
    const std::int64_t in_force = services.containment.set_host(state);
    for (const auto& [name, row] : services.registry.rows()) {
        services.credentials.forget(name);
        services.ongoing.approvals.forget(name);
    }
    return in_force;
}

Async<std::monostate> end_every_process(Services& services, Ending ending) {
    Done worst = done();
    std::vector<std::string> agents;
    for (const auto& [name, row] : services.registry.rows())
        agents.push_back(name);
    for (const std::string& agent : agents) {
        if (ending == Ending::thaw && !services.containment.allows(agent)) continue;
        auto ended = co_await end_all(services, agent, ending);
        if (!ended) worst = std::move(ended);
    }
    const bool all_known = ending == Ending::thaw || services.launched.complete();
    if (worst && !all_known) co_return launcher_is_silent();
    co_return worst;
}

Async<std::monostate> end_host_fuse(Services& services, bool wanted) {
    if (!wanted) co_return done();
    const Done blown = co_await services.keys.blow_host_fuse();
    if (!blown) co_return Error(blown.error()).within("host fuse");
    co_return done();
}

Async<std::monostate> record_host(Services& services, HostRow row, std::string verb,
                                  std::string by) {
    auto record = host_record(row, std::move(verb), std::move(by));
    auto index = co_await services.ledger.append("containment", std::move(record));
    if (!index) co_return std::move(index).error().within("ledger");
    if (current_host(services).state == row.state) mark_host_done(services, Stage::ledger);
    co_return done();
}

// As take_back() of an agent: the ledger may say that the host was reinstated, and it was not.
Async<std::monostate> take_back(Services& services) {
    HostRow row = current_host(services);
    if (row.state == AgentState::active) co_return done();
    const HostVerb under_way(services);
    ++services.ongoing.host_stops;
    owe(row, {Stage::ledger});
    (void)save_host(services, row);
    co_return co_await record_host(services, row, "settle", row.changed_by);
}

Done store_reinstated(Services& services, const HostRow& row, std::uint64_t stops) {
    // Whoever stopped it meanwhile had their answer: they win.
    if (services.ongoing.host_stops == stops) return services.registry.put_host(row);
    return Error(Code::conflict, "this host was stopped meanwhile: look again, then repeat")
        .because("stopped_meanwhile");
}

// Record, then row. timeout: nobody knows whether the record is there.
Async<std::monostate> record_and_store(Services& services, HostRow row, std::string by) {
    const std::uint64_t stops = services.ongoing.host_stops;
    auto record = host_record(row, "reinstate", by);
    const auto index = co_await services.ledger.append("containment", std::move(record));
    if (!index && index.error().code() != Code::timeout) co_return index.error();
    row.changed_by = std::move(by);
    Done stored = index ? store_reinstated(services, row, stops) : Done(index.error());
    if (stored) co_return stored;
    const Done taken_back = co_await take_back(services);
    if (!taken_back) log_warning("the host's state: " + taken_back.error().text());
    co_return stored;
}

HostRow row_after(HostRow row, const HostOrder& order) {
    const AgentState target = order.hardware ? AgentState::revoked : AgentState::suspended;
    // As with agents: who stopped it first stays responsible.
    if (row.state != target) row.changed_by = order.by;
    if (row.state != target || !order.reason.empty()) row.reason = order.reason;
    row.state = target;
    owe(row, {Stage::ledger});
    if (order.hardware) owe(row, {Stage::fuse});
    if (order.verb == "kill") owe(row, {Stage::processes});
    return row;
}

Async<StopOutcome> make_host_durable(Services& services, HostRow row, HostOrder order) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    const Ending ending = order.verb == "kill" ? Ending::kill : Ending::freeze;
    const bool any_runs = !services.launched.entries().empty();
    extend_for_each(services, executor, order.verb);
    Started<std::monostate> processes(executor, end_every_process(services, ending));
    Started<std::monostate> fuse(executor, end_host_fuse(services, order.hardware));
    StopOutcome outcome;
    outcome.reply.state = to_string(row.state);
    outcome.reply.stages = {{"memory", stage_done}};
    const bool kept = note_stage(outcome, "registry", save_host(services, row));
    const Done recorded = co_await record_host(services, row, order.verb, order.by);
    const bool in_ledger = note_stage(outcome, "ledger", recorded);
    auto still = co_await processes.result();
    (void)note_stage(outcome, "processes", still);
    if (still && ending == Ending::kill) mark_host_done(services, Stage::processes);
    if (still && !any_runs) outcome.reply.stages["processes"] = stage_not_needed;
    auto blown = co_await fuse.result();
    const bool in_chip = note_stage(outcome, "fuse", blown);
    if (!order.hardware) outcome.reply.stages["fuse"] = stage_not_needed;
    if (in_chip && order.hardware) mark_host_done(services, Stage::fuse);
    outcome.durable = (kept && in_ledger) || (in_chip && order.hardware);
    HOLDFAST_CO_TRY(seal, co_await seal_stop(services, order.verb, order.by, order.hardware));
    note_seal(outcome, seal);
    outcome.reply.last_release_ns = services.containment.last_release();
    co_return outcome;
}

Done may_reinstate_host(const Services& services, const HostRow& row, const std::string& by) {
    if (has_ended(row.state)) return ended_host();
    if (row.state == AgentState::active)
        return Error(Code::conflict, "this host is not suspended").because("not_suspended");
    if (services.settings.reinstate_by != "anyone" && is_same_person(services, row.changed_by, by))
        return Error(Code::denied, row.changed_by + " stopped it: another one must reinstate it")
            .because("same_principal");
    if (!row.pending.empty() || services.ongoing.unsaved_host)
        return Error(Code::unavailable, "its stop is not yet durable", Retry::later)
            .because("unsettled");
    return done();
}

}  // namespace

HostRow current_host(const Services& services) {
    return services.ongoing.unsaved_host.value_or(services.registry.host());
}

Async<Answer> stop_host(Services& services, HostOrder order) {
    HostRow row = current_host(services);
    if (has_ended(row.state) && !order.hardware) co_return ended_host();
    const HostVerb under_way(services);
    row = row_after(std::move(row), order);
    const std::int64_t in_force = stop_in_memory(services, row.state);
    HOLDFAST_CO_TRY(outcome,
                    co_await make_host_durable(services, std::move(row), std::move(order)));
    outcome.reply.in_force_ns = in_force;
    co_return stop_answer(api::to_json(outcome.reply), outcome.durable, outcome.trouble);
}

Async<Answer> reinstate_host(Services& services, std::string by, std::string reason) {
    HostRow row = current_host(services);
    HOLDFAST_CO_CHECK(may_reinstate_host(services, row, by));
    row.state = AgentState::active;
    row.reason = std::move(reason);
    auto storing = record_and_store(services, std::move(row), std::move(by));
    HOLDFAST_CO_CHECK(co_await std::move(storing));
    StopOutcome outcome;
    outcome.reply.in_force_ns = services.containment.set_host(AgentState::active);
    outcome.reply.state = to_string(AgentState::active);
    outcome.reply.last_release_ns = services.containment.last_release();
    outcome.reply.stages = {{"ledger", stage_done},
                            {"registry", stage_done},
                            {"memory", stage_done},
                            {"fuse", stage_not_needed}};
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    CrlStage list(services, executor, true);
    const Done thawed = co_await end_every_process(services, Ending::thaw);
    (void)note_stage(outcome, "processes", thawed);
    const auto listed = co_await list.outcome();
    note_word(outcome, "crl", listed);
    co_return json_answer(api::to_json(outcome.reply));
}

Async<std::monostate> take_host_fuse(Services& services) {
    // A worker that cannot answer signs nothing either; it is asked again when it starts.
    const auto identity = co_await services.keys.host();
    if (!identity || identity->ca.id.empty() || !identity->ca_certificate.empty()) co_return done();
    HostRow row = current_host(services);
    if (has_ended(row.state)) co_return done();
    log_error(
        "the chip says that the host fuse is blown, and this state directory does not know of it: "
        "an older one was restored. No agent or CA key of this host signs again");
    row.state = AgentState::revoked;
    row.changed_by = by_chip;
    row.reason = "found blown in the chip";
    owe(row, {Stage::ledger, Stage::processes});
    (void)stop_in_memory(services, row.state);
    Done kept = save_host(services, row);
    HOLDFAST_CO_CHECK(co_await record_host(services, row, "kill", by_chip));
    co_return kept;
}

namespace {

constexpr std::array settled_of_a_host = {Stage::fuse, Stage::ledger, Stage::processes};

Async<std::monostate> settle_stage(Services& services, HostRow row, Stage stage) {
    if (stage == Stage::ledger) {
        HOLDFAST_CO_CHECK(co_await record_host(services, row, "settle", row.changed_by));
        services.ongoing.anchor_owed = true;
        co_return done();
    }
    if (stage == Stage::fuse) HOLDFAST_CO_CHECK(co_await end_host_fuse(services, true));
    if (stage == Stage::processes)
        HOLDFAST_CO_CHECK(co_await end_every_process(services, Ending::kill));
    mark_host_done(services, stage);
    co_return done();
}

}  // namespace

bool is_host_unsettled(const Services& services) {
    return services.ongoing.unsaved_host || !services.registry.host().pending.empty();
}

// Every stage is tried, whatever became of the one before; the chip first.
Async<std::monostate> settle_host(Services& services) {
    if (!is_host_unsettled(services) || services.ongoing.host_verbs > 0) co_return done();
    const HostRow row = current_host(services);
    Done worst = done();
    if (services.ongoing.unsaved_host) worst = save_host(services, row);
    const Stages pending = Stages::of(row.pending);
    for (const Stage stage : settled_of_a_host) {
        if (!pending.has(stage)) continue;
        Done settled = co_await settle_stage(services, row, stage);
        if (!settled) worst = std::move(settled);
    }
    co_return worst;
}

}  // namespace holdfast::daemon::handlers
