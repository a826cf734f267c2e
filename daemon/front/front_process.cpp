#include "daemon/front/front_process.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "daemon/front/listener.h"
#include "daemon/handlers/approvals.h"
#include "daemon/handlers/handlers.h"
#include "daemon/handlers/host_stop.h"
#include "daemon/handlers/policies.h"
#include "daemon/handlers/revocations.h"
#include "daemon/link/bell.h"
#include "daemon/log.h"
#include "daemon/process.h"

namespace holdfast::daemon {
namespace {

namespace asio = boost::asio;

// Well below supervisor.h's orderly_end.
constexpr std::chrono::seconds last_anchor_within{2};
// Sums may be this late: also the pause before the next try when the ledger cannot be written.
constexpr std::int64_t sums_late = 60;

std::string link_state(const WorkerLink& link) {
    return link.attached() ? "attached" : "replacing";
}

}  // namespace

std::int64_t unix_now() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

FrontProcess::FrontProcess(asio::io_context& io, const Settings& settings, Registry& registry,
                           DurableLedger& ledger, Replayed replayed, std::size_t descriptor_ceiling)
    : io_(io),
      supervisor_(io.get_executor(), Descriptor(supervisor_link)),
      keys_link_(io.get_executor(), WorkerKind::keys,
                 [this](WorkerId worker) { supervisor_.missed_deadline(worker); }),
      token_link_(io.get_executor(), WorkerKind::keys_pkcs11,
                  [this](WorkerId worker) { supervisor_.missed_deadline(worker); }),
      measurer_link_(io.get_executor(), WorkerKind::measurer,
                     [this](WorkerId worker) { supervisor_.missed_deadline(worker); }),
      launcher_link_(io.get_executor(), WorkerKind::launcher,
                     [this](WorkerId worker) { supervisor_.missed_deadline(worker); }),
      tpm_keys_(keys_link_),
      token_keys_(token_link_),
      keys_(RoutedKeys::keepers_of(settings, tpm_keys_, token_keys_)),
      measurer_(measurer_link_),
      launcher_(launcher_link_),
      anchor_(io.get_executor(), keys_, ledger, replayed.last_anchor),
      issuer_(keys_, settings.trust_domain(), unix_now),
      credentials_(issuer_, ledger, unix_now),
      history_(std::move(replayed.history)),
      crl_(io.get_executor(), keys_, registry, settings.crl_file, unix_now,
           [this] { return handlers::revoked_now(services_); }),
      refusals_(ledger, unix_now),
      host_(keys_),
      limit_counting_(io.get_executor()),
      policy_reading_(io.get_executor()),
      instances_(measurer_, agents_, launched_,
                 [this](const std::string& instance, const Error& why) {
                     spawn("ending a session",
                           handlers::session_over(services_, instance, why.reason()));
                 }),
      services_{.settings = settings,
                .keys = keys_,
                .ledger = ledger,
                .anchor = anchor_,
                .registry = registry,
                .containment = containment_,
                .credentials = credentials_,
                .history = history_,
                .crl = crl_,
                .refusals = refusals_,
                .host = host_,
                .instances = instances_,
                .launched = launched_,
                .launcher = launcher_,
                .measurer = measurer_,
                .agents = agents_,
                .operators = operators_,
                .now = unix_now,
                .links = [this] { return links(); },
                .read_policies =
                    [this](PolicyFiles files) {
                        return policy_reading_.run<policy::Policies>([wanted = std::move(files)] {
                            return handlers::read_policies(wanted);
                        });
                    }},
      admission_(static_cast<std::size_t>(settings.max_connections),
                 static_cast<std::size_t>(settings.max_connections_per_uid)),
      front_{.instances = instances_,
             .containment = containment_,
             .admission = admission_,
             .routes = routes(),
             .handle = [this](const Route& route, const Call& call) { return handle(route, call); },
             .refused =
                 [this](const Refusal& refusal) {
                     note_refusal(refusal);
                     auto recorded = refusals_.record(refusal);
                     plan_sums();
                     return recorded;
                 },
             .withheld =
                 [this](std::uint64_t sequence, std::string reason) {
                     return handlers::record_withheld(services_, sequence, std::move(reason));
                 },
             .descriptor_ceiling = descriptor_ceiling},
      settling_(io.get_executor(), [this] { return settle(); }),
      summing_(io.get_executor(), [this] { return sum_refusals(); }),
      rechecking_(io.get_executor(), [this] { return recheck(); }),
      expiring_(io.get_executor(), [this] { return expire(); }),
      anchor_settling_(io.get_executor(), [this] { return settle_anchor(); }),
      anchor_advancing_(io.get_executor(), [this] { return advance_anchor(); }),
      counting_(io.get_executor(), [this] { return count_limits(); }),
      heartbeats_(io.get_executor(), [this] { return look_for_heartbeats(); }),
      crl_publishing_(io.get_executor(), [this] { return publish_crl(); }),
      crl_renewing_(io.get_executor(), [this] { return renew_crl(); }),
      giving_up_(io.get_executor(), [this] { return end_loop(); }) {
    take_limits(ledger, std::move(replayed.limits));
    services_.triggers = std::move(replayed.triggers);
    launched_.set_complete(settings.dev);  // without a launcher nothing is launched
    hear_triggers();
    remember_records(ledger);
}

Done FrontProcess::start() {
    SupervisorLink::Events events;
    events.attach = [this](WorkerId worker, Descriptor socket) {
        attach(worker, std::move(socket));
    };
    events.gone = [this] { stop(); };
    hear_launcher();
    HOLDFAST_CHECK(supervisor_.start(std::move(events)));
    run_beside(io_.get_executor(), begin());
    return done();
}

// Containment is in force before the first caller is heard.
asio::awaitable<void> FrontProcess::begin() {
    const auto started = co_await handlers::start(services_);
    if (!started) log_warning("start: " + started.error().text());
    const auto listening = listen();
    if (!listening) {
        log_error(listening.error().text());
        io_.stop();
        co_return;
    }
    plan_settling();
    run_beside(io_.get_executor(), settle_anchor());
    plan_anchor();
    plan_counting();
    plan_heartbeats();
    plan_crl();
    plan_crl_renewal();
    supervisor_.ready();
    log_info("serving");
}

Done FrontProcess::listen() {
    HOLDFAST_CHECK(listen_on(io_.get_executor(), front_, Descriptor(admin_listener), Side::admin));
    return listen_on(io_.get_executor(), front_, Descriptor(agent_listener), Side::agent);
}

Async<Answer> FrontProcess::handle(const Route& route, const Call& call) {
    auto answer = co_await route.handler(services_, call);
    if (!call.principal.empty()) plan_after_operator();
    plan_sums();
    plan_recheck();
    plan_expiry();
    co_return answer;
}

// Only operators leave a containment unfinished (and what a trigger set off), and declare limits.
void FrontProcess::plan_after_operator() {
    plan_settling();
    plan_counting();
    plan_heartbeats();
    plan_crl();
}

void FrontProcess::plan_settling() {
    if (handlers::unsettled(services_)) settling_.plan(settle_again);
    if (anchor_.unfinished()) anchor_settling_.plan(settle_again);
}

asio::awaitable<void> FrontProcess::settle() {
    const auto settled = co_await handlers::settle(services_);
    if (!settled) log_warning("unfinished containment: " + settled.error().text());
    plan_settling();
}

void FrontProcess::plan_sums() {
    const auto due = refusals_.sums_due_in();
    if (due) summing_.plan(std::chrono::seconds(std::max(*due, sums_late)));
}

asio::awaitable<void> FrontProcess::sum_refusals() {
    refusals_.tick();
    plan_sums();
    co_return;
}

void FrontProcess::stop() {
    if (std::exchange(stopping_, true)) return;
    giving_up_.plan(last_anchor_within);
    run_beside(io_.get_executor(), last_anchor_step());
}

WorkerLink& FrontProcess::link_of(WorkerKind kind) {
    switch (kind) {
        case WorkerKind::keys: return keys_link_;
        case WorkerKind::measurer: return measurer_link_;
        case WorkerKind::keys_pkcs11: return token_link_;
        case WorkerKind::launcher: break;
    }
    return launcher_link_;
}

// Only while somebody waits for an approval. A Chore keeps its first plan: what was asked for later
// ends later.
void FrontProcess::plan_expiry() {
    const auto end = services_.ongoing.approvals.next_end();
    if (end) expiring_.plan(std::chrono::seconds(std::max<std::int64_t>(*end - unix_now(), 1)));
}

asio::awaitable<void> FrontProcess::expire() {
    const auto expired = co_await handlers::expire_approvals(services_);
    if (!expired) log_warning("approvals that expired: " + expired.error().text());
    plan_expiry();
}

void FrontProcess::attach(WorkerId worker, Descriptor socket) {
    link_of(worker.kind).attach(std::move(socket), worker.generation);
    if (worker.kind == WorkerKind::keys && anchor_.unfinished())
        run_beside(io_.get_executor(), settle_anchor());
    if (worker.kind == WorkerKind::keys || worker.kind == WorkerKind::keys_pkcs11)
        spawn("the host fuse", handlers::take_host_fuse(services_));
    if (worker.kind == WorkerKind::keys_pkcs11) {
        host_.forget_token();
        spawn("custody of the token's keys", handlers::take_custody(services_));
    }
    if (worker.kind != WorkerKind::launcher) return;
    launcher_.forget_jobs();
    spawn("taking over launched agents", handlers::take_over_instances(services_));
}

void FrontProcess::spawn(const char* what, Async<std::monostate> work) {
    const auto watch = [](const char* name,
                          Async<std::monostate> waiting) -> asio::awaitable<void> {
        const auto outcome = co_await std::move(waiting);
        if (!outcome) log_warning(std::string(name) + ": " + outcome.error().text());
    };
    run_beside(io_.get_executor(), watch(what, std::move(work)));
}

std::map<std::string, std::string> FrontProcess::links() const {
    const Settings& settings = services_.settings;
    std::map<std::string, std::string> states = {
        {name_of(WorkerKind::measurer), link_state(measurer_link_)}};
    if (settings.has_tpm()) states[name_of(WorkerKind::keys)] = link_state(keys_link_);
    if (settings.has_pkcs11()) states[name_of(WorkerKind::keys_pkcs11)] = link_state(token_link_);
    if (!settings.dev) states[name_of(WorkerKind::launcher)] = link_state(launcher_link_);
    return states;
}

asio::awaitable<void> FrontProcess::end_loop() {
    io_.stop();
    co_return;
}

void FrontProcess::end() {
    refusals_.close_window();
}

}  // namespace holdfast::daemon
