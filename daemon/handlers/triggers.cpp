#include "daemon/handlers/triggers.h"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include "api/contain_messages.h"
#include "api/printable.h"
#include "daemon/handlers/admin.h"
#include "daemon/handlers/started.h"
#include "daemon/handlers/stopping.h"
#include "daemon/handlers/tombstones.h"
#include "daemon/log.h"

namespace holdfast::daemon::handlers {
namespace {

static_assert(policy::min_reaction_rate == min_rate && policy::max_reaction_rate == max_rate);

const policy::Reaction* reaction_of(const Services& services, const std::string& agent,
                                    policy::Trigger trigger) {
    const auto file = services.agents.find(agent);
    return file == services.agents.end() ? nullptr
                                         : policy::reaction_to(file->second.triggers, trigger);
}

// A second stop of the same kind would say nothing new, and cost the chip a write each time.
bool stops_further(const AgentRow& row, const StopOrder& order) {
    const AgentState target = order.verb->target;
    const bool slower = row.state == target && row.state == AgentState::throttled;
    return is_stricter(target, row.state) || (slower && order.rate < row.rate);
}

encode::Json::Object record_of(const StopOrder& order, const std::string& agent,
                               policy::Trigger trigger) {
    encode::Json::Object record;
    record["agent"] = agent;
    record["seen"] = order.reason;
    record["then"] = std::string(order.verb->name);
    record["trigger"] = policy::to_string(trigger);
    return record;
}

// The same stages as an operator's stop of one agent; what stays unfinished is settled later. The
// trigger's record is waited for from the beginning: of a batch that finds the disk full, records
// are queued again in the order in which they are waited for.
Async<std::monostate> finish_stop(Services& services, Stopping stopping,
                                  Async<std::uint64_t> recorded) {
    const Containing containing(services, stopping.row.name);
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    Started<std::uint64_t> record(executor, std::move(recorded));
    const std::string agent = stopping.row.name;
    const std::string verb(stopping.order.verb->name);
    const std::string by = stopping.order.by;
    auto outcome = co_await make_durable(services, std::move(stopping));
    const bool has_fuse = outcome && is_kept_by_fuse(*outcome);
    auto seal = co_await seal_stop(services, verb, by, has_fuse);
    auto index = co_await record.result();
    if (!index) co_return std::move(index).error().within("agent " + agent + ": record");
    if (!outcome) co_return std::move(outcome).error().within("agent " + agent);
    if (seal) note_seal(*outcome, *seal);
    bury(services, executor, agent);
    if (outcome->durable) co_return done();
    co_return Error(
        Code::unavailable,
        "agent " + agent + " is stopped in memory, not yet durable: " + outcome->trouble);
}

bool is_canary(const policy::Canary& canary, std::string_view action) {
    return canary.key || std::ranges::find(canary.actions, action) != canary.actions.end();
}

Done check_canary(Services& services, const policy::AgentFile& file, std::string_view action,
                  const std::string& seen) {
    if (!file.triggers.canary || !is_canary(*file.triggers.canary, action)) return done();
    (void)fire(services, file.name, policy::Trigger::canary, seen);
    return Error(Code::denied, seen + ": nobody is meant to").because("canary_used");
}

bool is_of_a_trigger(std::string_view reason) {
    return reason == "canary_used" || reason == "novel_audience";
}

// Limits have a burst of their own, and who polls for an approval does as it is told.
bool is_judgement(const std::string& reason) {
    static constexpr std::array others = {
        "limit_",        "measurement_",        "caller_gone",
        "instance_over", "unrecognised_caller", "approval_pending"};
    return !is_of_a_trigger(reason) &&
           std::ranges::none_of(others, [&](const char* word) { return reason.starts_with(word); });
}

// What policy, or an approval, does not allow. Who is gone by now was judged all the same; who may
// not act, or was somebody else when it was looked at, was not.
bool is_policy_denial(const Services& services, const Call& call, const Refused& refused) {
    return refused.operation == "action" && refused.error.code() == Code::denied &&
           is_judgement(refused.error.reason()) && caller_of(services, call).has_value();
}

void count(Services& services, const std::string& agent, policy::Trigger trigger,
           const std::optional<policy::Burst>& burst, const std::string& reason) {
    if (!burst) return;
    TriggerMemory& memory = services.triggers;
    if (!memory.counts.add(agent, trigger, *burst, memory.steady())) return;
    (void)fire(services, agent, trigger,
               std::to_string(burst->count) + " refusals within " + std::to_string(burst->within) +
                   " s, the last one " + reason);
}

}  // namespace

bool is_by_trigger(std::string_view principal) noexcept {
    return principal.starts_with(by_trigger);
}

bool fire(Services& services, const std::string& agent, policy::Trigger trigger, std::string seen) {
    const policy::Reaction* reaction = reaction_of(services, agent, trigger);
    if (reaction == nullptr) return false;
    const std::string by = std::string(by_trigger) + std::string(policy::to_string(trigger));
    seen = api::printable(seen);  // one byte a character: it may be cut anywhere
    seen.resize(std::min(seen.size(), api::max_reason));
    auto row = current_row(services, agent);
    auto order = stop_order(reaction->then, by, std::move(seen), reaction->rate);
    if (!row || !order || !stops_further(*row, *order)) return false;
    Stopping stopping = stop_in_memory(services, *std::move(row), *order);
    log_warning("agent " + agent + ": " + by + ": " + order->reason + "; " + reaction->then);
    // Spawned on the loop's own thread, finish_stop() runs to its first wait before this returns
    // (Boost's co_spawn dispatches; started.h): by then the registry has the row, or could not take
    // it. Nothing here relies on that for the next trigger: stop_in_memory() made the row the
    // current one.
    auto recorded = services.ledger.append("trigger", record_of(stopping.order, agent, trigger));
    services.triggers.beside(finish_stop(services, std::move(stopping), std::move(recorded)));
    return true;
}

bool would_fire(const Services& services, const std::string& agent, policy::Trigger trigger) {
    const policy::Reaction* reaction = reaction_of(services, agent, trigger);
    const auto row = current_row(services, agent);
    if (reaction == nullptr || !row) return false;
    const auto order = stop_order(reaction->then, "", "", reaction->rate);
    return order && stops_further(*row, *order);
}

Result<Caller> watched_caller(Services& services, const Call& call, std::string_view action) {
    check_times(services);
    HOLDFAST_TRY(caller, caller_of(services, call));
    HOLDFAST_CHECK(check_canary(services, *caller.file, action,
                                "action " + std::string(action) + " was asked for"));
    return caller;
}

Result<Caller> watched_caller(Services& services, const Call& call) {
    check_times(services);
    HOLDFAST_TRY(caller, caller_of(services, call));
    HOLDFAST_CHECK(check_canary(services, *caller.file, "", "the agent's key was used"));
    return caller;
}

Done check_audience(Services& services, const policy::AgentFile& file, std::string_view audience) {
    const auto& rule = file.triggers.novel_audience;
    if (!rule) return done();
    const policy::KnownAudiences& known = services.triggers.audiences;
    if (!known.is_novel(file.name, audience, static_cast<std::size_t>(rule->number))) return done();
    std::string seen = "audience " + std::string(audience) + " after " +
                       std::to_string(known.count(file.name)) + " others";
    Error error = Error(Code::denied, "agent " + file.name + ": " + seen).because("novel_audience");
    (void)fire(services, file.name, policy::Trigger::novel_audience, std::move(seen));
    return error;
}

void note_audience(Services& services, const std::string& agent, std::string_view audience) {
    services.triggers.audiences.note(agent, audience);
}

void note_refusal(Services& services, const Call& call, const Refused& refused) {
    if (call.instance == nullptr) return;
    const std::string agent = call.instance->agent;
    const std::string& reason = refused.error.reason();
    const auto file = services.agents.find(agent);
    if (file == services.agents.end()) return;
    const policy::TriggerRules& rules = file->second.triggers;
    // A launched agent may map more of its tree as it goes on, which is judged anew: note_drift().
    if (reason == "measurement_changed" && !call.instance->is_launched())
        note_drift(services, agent, reason, call.instance->id);
    if (reason == "limit_exceeded")
        count(services, agent, policy::Trigger::limit_exceeded, rules.limit_exceeded, reason);
    if (is_policy_denial(services, call, refused))
        count(services, agent, policy::Trigger::denial_burst, rules.denial_burst, reason);
}

void note_drift(Services& services, const std::string& agent, std::string_view reason,
                std::string_view instance) {
    std::string seen(reason);
    if (!instance.empty()) seen += ", instance " + std::string(instance);
    (void)fire(services, agent, policy::Trigger::measurement_drift, std::move(seen));
}

}  // namespace holdfast::daemon::handlers
