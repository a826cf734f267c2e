#include "daemon/front/front_process.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>

#include "daemon/front/listener.h"
#include "daemon/handlers/handlers.h"
#include "daemon/log.h"
#include "daemon/process.h"

namespace holdfast::daemon {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds housekeeping{2};

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
                           DurableLedger& ledger, std::size_t descriptor_ceiling)
    : io_(io),
      supervisor_(io.get_executor(), Descriptor(supervisor_link)),
      keys_link_(io.get_executor(), WorkerKind::keys,
                 [this](WorkerId worker) { supervisor_.missed_deadline(worker); }),
      measurer_link_(io.get_executor(), WorkerKind::measurer,
                     [this](WorkerId worker) { supervisor_.missed_deadline(worker); }),
      keys_(keys_link_),
      measurer_(measurer_link_),
      issuer_(keys_, settings.trust_domain(), unix_now),
      credentials_(issuer_, ledger, unix_now),
      refusals_(ledger, unix_now),
      host_(keys_),
      instances_(measurer_, agents_),
      services_{.settings = settings,
                .keys = keys_,
                .ledger = ledger,
                .registry = registry,
                .containment = containment_,
                .credentials = credentials_,
                .refusals = refusals_,
                .host = host_,
                .instances = instances_,
                .agents = agents_,
                .now = unix_now,
                .links = [this] { return links(); }},
      admission_(static_cast<std::size_t>(settings.max_connections),
                 static_cast<std::size_t>(settings.max_connections_per_uid)),
      front_{.instances = instances_,
             .containment = containment_,
             .admission = admission_,
             .routes = routes(),
             .handle = [this](const Route& route,
                              const Call& call) { return route.handler(services_, call); },
             .refused = [this](const Refusal& refusal) { return refusals_.record(refusal); },
             .withheld =
                 [this](std::uint64_t sequence, std::string reason) {
                     return handlers::record_withheld(services_, sequence, std::move(reason));
                 },
             .descriptor_ceiling = descriptor_ceiling} {}

Done FrontProcess::start() {
    SupervisorLink::Events events;
    events.attach = [this](WorkerId worker, Descriptor socket) {
        attach(worker, std::move(socket));
    };
    events.gone = [this] { io_.stop(); };
    HOLDFAST_CHECK(supervisor_.start(std::move(events)));
    asio::co_spawn(io_, begin(), asio::detached);
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
    asio::co_spawn(io_, keep_house(), asio::detached);
    supervisor_.ready();
    log_info("serving");
}

Done FrontProcess::listen() {
    HOLDFAST_CHECK(listen_on(io_.get_executor(), front_, Descriptor(admin_listener), Side::admin));
    return listen_on(io_.get_executor(), front_, Descriptor(agent_listener), Side::agent);
}

asio::awaitable<void> FrontProcess::keep_house() {
    asio::steady_timer timer(io_);
    while (true) {
        timer.expires_after(housekeeping);
        (void)co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        refusals_.tick();
        if (!handlers::unsettled(services_)) continue;
        const auto settled = co_await handlers::settle(services_);
        if (!settled) log_warning("unfinished containment: " + settled.error().text());
    }
}

void FrontProcess::attach(WorkerId worker, Descriptor socket) {
    auto& link = worker.kind == WorkerKind::keys ? keys_link_ : measurer_link_;
    link.attach(std::move(socket), worker.generation);
}

std::map<std::string, std::string> FrontProcess::links() const {
    return {{name_of(WorkerKind::keys), link_state(keys_link_)},
            {name_of(WorkerKind::measurer), link_state(measurer_link_)}};
}

void FrontProcess::end() {
    refusals_.close_window();
}

}  // namespace holdfast::daemon
