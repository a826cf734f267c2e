// POST /v1/contain: one verb for every agent of a sponsor or an environment, or for the host.
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <list>

#include "api/contain_messages.h"
#include "api/problem.h"
#include "daemon/handlers/admin.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/handlers.h"
#include "daemon/handlers/host_stop.h"
#include "daemon/handlers/reinstating.h"
#include "daemon/handlers/revocations.h"
#include "daemon/handlers/started.h"
#include "daemon/handlers/stopping.h"
#include "daemon/handlers/tombstones.h"

namespace holdfast::daemon::handlers {
namespace {

// Stops of one scope that are made durable side by side. More would only wait for the one chip.
constexpr std::size_t max_side_by_side = 8;

struct Scope {
    std::string kind;  // "sponsor" or "environment"
    std::string name;
    std::string text() const { return kind + " " + name; }
};

Scope scope_of(const api::Contain& request) {
    if (request.sponsor) return {"sponsor", *request.sponsor};
    return {"environment", request.environment.value_or("")};
}

// The file in force decides; without one, what the last one in force said.
bool is_in(const Services& services, const AgentRow& row, const Scope& scope) {
    const bool by_sponsor = scope.kind == "sponsor";
    const auto file = services.agents.find(row.name);
    if (file == services.agents.end())
        return (by_sponsor ? row.sponsor : row.environment) == scope.name;
    return (by_sponsor ? file->second.accountability.sponsor : file->second.environment) ==
           scope.name;
}

// A retired agent is of the past; its name may be another's tomorrow.
std::vector<AgentRow> rows_in(const Services& services, const Scope& scope) {
    std::vector<AgentRow> rows;
    for (const auto& [name, stored] : services.registry.rows()) {
        auto row = current_row(services, name);
        if (row && row->state != AgentState::retired && is_in(services, *row, scope))
            rows.push_back(*std::move(row));
    }
    return rows;
}

Error empty_scope(const Scope& scope) {
    return Error(Code::not_found, "no agent of " + scope.text()).because("empty_scope");
}

// One agent of the scope: stopped in memory, or left as it is. Never moved: Containing is not.
struct Job {
    Job(Services& services, const AgentRow& row) : containing(services, row.name) {}
    Containing containing;
    bool is_stopped = false;  // by this order
    std::optional<Stopping> stopping;
    StopOutcome outcome;
};
using Jobs = std::list<Job>;

void begin_job(Services& services, Jobs& jobs, AgentRow row, const StopOrder& order) {
    const bool settled = is_settled(services, row, order);
    const Done may = may_stop(row, order);
    Job& job = jobs.emplace_back(services, row);
    if (may && !settled) {
        job.is_stopped = true;
        job.stopping = stop_in_memory(services, std::move(row), order);
        return;
    }
    job.outcome.durable = true;
    if (settled) {
        job.outcome.reply = settled_reply(services, row, order);
        return;
    }
    job.outcome.reply.name = row.name;
    job.outcome.reply.state = to_string(row.state);
    job.outcome.reply.in_force_ns = services.containment.in_force_since(row.name);
    job.outcome.reply.last_release_ns = services.containment.last_release(row.name);
    job.outcome.reply.refused = may.error().reason();
}

// Takes the next one that nobody has begun, until there is none.
Async<std::monostate> work_off(Services& services, Jobs& jobs, Jobs::iterator& next) {
    while (next != jobs.end()) {
        Job& job = *next++;
        if (!job.stopping) continue;
        Stopping stopping = *std::move(job.stopping);
        auto outcome = co_await make_durable(services, std::move(stopping));
        if (outcome)
            job.outcome = *std::move(outcome);
        else
            job.outcome.trouble = outcome.error().text();
    }
    co_return done();
}

Answer answer_of(const std::string& verb, const Scope& scope, Jobs& jobs) {
    api::ContainedScope reply{verb, scope.kind, scope.name, {}};
    bool durable = true;
    std::string trouble;
    for (Job& job : jobs) {
        if (!job.outcome.durable && durable)
            trouble = "agent " + job.outcome.reply.name + ": " + job.outcome.trouble;
        durable = durable && job.outcome.durable;
        reply.agents.push_back(std::move(job.outcome.reply));
    }
    return stop_answer(api::to_json(reply), durable, trouble);
}

Async<Answer> stop_scope(Services& services, StopOrder order, Scope scope) {
    order.scope = scope.text();
    const auto rows = rows_in(services, scope);
    if (rows.empty()) co_return empty_scope(scope);
    // All of them in memory first, in one step: no agent goes on while another's disk is awaited.
    Jobs jobs;
    for (const AgentRow& row : rows)
        begin_job(services, jobs, row, order);
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    auto next = jobs.begin();
    std::list<Started<std::monostate>> workers;
    for (std::size_t i = 0; i < std::min(max_side_by_side, jobs.size()); ++i)
        workers.emplace_back(executor, work_off(services, jobs, next));
    for (auto& worker : workers)
        (void)co_await worker.result();
    const bool has_fuse = std::ranges::all_of(
        jobs, [](const Job& job) { return !job.is_stopped || is_kept_by_fuse(job.outcome); });
    HOLDFAST_CO_TRY(
        seal, co_await seal_stop(services, std::string(order.verb->name), order.by, has_fuse));
    for (Job& job : jobs) {
        if (!job.is_stopped) continue;
        note_seal(job.outcome, seal);
        bury(services, executor, job.outcome.reply.name);
    }
    co_return answer_of(std::string(order.verb->name), scope, jobs);
}

Async<Answer> reinstate_scope(Services& services, Scope scope, std::string by, std::string reason) {
    const auto rows = rows_in(services, scope);
    if (rows.empty()) co_return empty_scope(scope);
    api::ContainedScope reply{"reinstate", scope.kind, scope.name, {}};
    std::optional<Error> refused;
    bool moves_credentials = false;
    for (const AgentRow& row : rows) {
        if (row.state == AgentState::active) continue;
        ReinstateOrder order{row.name, by, reason};
        auto lifted = co_await reinstate_agent(services, std::move(order));
        if (lifted) {
            moves_credentials = moves_credentials || lifted->moves_credentials;
            reply.agents.push_back(std::move(lifted->reply));
            continue;
        }
        if (!refused) refused = lifted.error();
        auto& stays = reply.agents.emplace_back();
        stays.name = row.name;
        stays.state = to_string(services.containment.state_of(row.name));
        stays.refused = lifted.error().reason();
    }
    // One list for all of them.
    const auto listed = co_await list_word(services, moves_credentials);
    for (api::Contained& each : reply.agents)
        if (each.refused.empty()) each.stages["crl"] = *listed;
    if (!refused) co_return json_answer(api::to_json(reply));
    const api::Problem problem = api::problem_of(*refused, *api::to_json(reply).object());
    Answer answer;
    answer.status = problem.status;
    answer.content_type = "application/problem+json";
    answer.body = problem.body;
    co_return answer;
}

Error not_for_hosts(const std::string& verb) {
    return Error(Code::invalid, "a host can be suspended, killed and reinstated, not " + verb +
                                    "; kill with hardware ends its keys for good")
        .because("malformed_request");
}

Async<Answer> contain_host(Services& services, api::Contain request, std::string by) {
    if (request.rate) co_return not_for_hosts("throttled");
    if (request.verb == "reinstate" && !request.hardware)
        co_return co_await reinstate_host(services, std::move(by), request.reason);
    const bool is_stop = request.verb == "kill" || (request.verb == "suspend" && !request.hardware);
    if (!is_stop) co_return not_for_hosts(request.verb);
    if (request.hardware && request.confirm != services.settings.trust_domain())
        co_return Error(Code::denied,
                        "confirm: is not this host's trust domain; nothing was stopped")
            .because("not_confirmed");
    HostOrder order{std::move(request.verb), std::move(by), std::move(request.reason),
                    request.hardware};
    co_return co_await stop_host(services, std::move(order));
}

}  // namespace

Async<Answer> contain(Services& services, const Call& call) {
    HOLDFAST_CO_TRY(request, api::contain_request(call.body));
    if (request.host) co_return co_await contain_host(services, std::move(request), call.principal);
    Scope scope = scope_of(request);
    if (request.verb == "reinstate") {
        if (request.rate)
            co_return Error(Code::invalid, "rate: only with throttle").because("malformed_request");
        co_return co_await reinstate_scope(services, std::move(scope), call.principal,
                                           request.reason);
    }
    HOLDFAST_CO_TRY(order, stop_order(request.verb, call.principal, request.reason, request.rate));
    co_return co_await stop_scope(services, std::move(order), std::move(scope));
}

}  // namespace holdfast::daemon::handlers
