// FrontProcess, triggers: what they set off goes on beside everything else.
#include <algorithm>
#include <chrono>
#include <utility>

#include "daemon/front/front_process.h"
#include "daemon/handlers/triggers.h"
#include "daemon/link/bell.h"
#include "daemon/log.h"

namespace holdfast::daemon {

void FrontProcess::hear_triggers() {
    services_.triggers.beside = [this](Async<std::monostate> work) {
        run_beside(io_.get_executor(), finish_trigger(std::move(work)));
    };
}

// Of a connection, before any handler. Without an agent nobody knows whose code it is.
void FrontProcess::note_refusal(const Refusal& refusal) {
    if (!refusal.agent.empty() && refusal.reason == "measurement_changed")
        handlers::note_drift(services_, refusal.agent, refusal.reason, "");
}

boost::asio::awaitable<void> FrontProcess::finish_trigger(Async<std::monostate> work) {
    const auto finished = co_await std::move(work);
    if (!finished) log_warning("a trigger: " + finished.error().text());
    plan_settling();
    plan_crl();
}

// Only while an agent waits for one that an operator has still time for.
void FrontProcess::plan_heartbeats() {
    const auto due = handlers::next_heartbeat_due(services_);
    if (due) heartbeats_.plan_by(std::chrono::seconds(std::max<std::int64_t>(*due, 1)));
}

boost::asio::awaitable<void> FrontProcess::look_for_heartbeats() {
    handlers::check_times(services_);
    plan_heartbeats();
    co_return;
}

}  // namespace holdfast::daemon
