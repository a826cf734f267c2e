// holdfast-front: the sockets, policy, registry and ledger. No device, no capability.
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <cstdlib>
#include <utility>

#include "daemon/confine.h"
#include "daemon/front/front_process.h"
#include "daemon/front/listener.h"
#include "daemon/log.h"
#include "daemon/process.h"
#include "daemon/state/last_anchor.h"
#include "daemon/state/limit_fold.h"
#include "daemon/state/trigger_fold.h"
#include "policy/agent_file.h"

namespace holdfast::daemon {
namespace {

// In force or not: what the start does not take is not kept, and what it takes beside these is
// counted later. Files that cannot be read are its to tell.
policy::DeclaredLimits limits_declared_in(const std::string& directory) {
    policy::DeclaredLimits declared;
    const auto files = policy::read_agent_files(directory);
    if (!files) return declared;
    for (const auto& [name, file] : *files)
        if (!file.limits.empty()) declared[name] = file.limits;
    return declared;
}

Done run() {
    HOLDFAST_CHECK(begin_process("front"));
    HOLDFAST_TRY(settings, inherited_settings());
    HOLDFAST_CHECK(confine_process());
    HOLDFAST_TRY(ceiling, raise_descriptor_limit());
    boost::asio::io_context io(1);
    boost::asio::signal_set signals(io, SIGTERM, SIGINT);
    HOLDFAST_TRY(registry, Registry::open(settings.state_dir + "/registry.db"));
    LastAnchor last_anchor;
    policy::Limits limits(limits_declared_in(settings.agents_dir));
    LimitFold counted(limits);
    TriggerMemory triggers;
    TriggerFold remembered(triggers);
    History history;
    const auto fold = [&](const ledger::Record& record) -> Done {
        HOLDFAST_CHECK(last_anchor.take(record));
        HOLDFAST_CHECK(history.take(record));
        remembered.take(record);
        return counted.take(record);
    };
    HOLDFAST_TRY(ledger, DurableLedger::open(settings.state_dir + "/ledger", registry,
                                             io.get_executor(), unix_now, fold));
    FrontProcess front(
        io, settings, registry, *ledger,
        {last_anchor.value(), std::move(limits), std::move(triggers), std::move(history)}, ceiling);
    signals.async_wait([&](const auto& error, int) {
        if (!error) front.stop();
    });
    HOLDFAST_CHECK(front.start());
    io.run();

    front.end();
    const auto kept = ledger->remember_head(registry);
    if (!kept) log_warning(kept.error().text());
    ledger.reset();  // waits until the disk has what was queued
    // Requests under way refer to all of the above and end with the process, not one by one.
    std::_Exit(EXIT_SUCCESS);
}

}  // namespace
}  // namespace holdfast::daemon

int main() {
    try {
        const auto ended = holdfast::daemon::run();
        if (ended) return EXIT_SUCCESS;
        holdfast::daemon::log_error(ended.error().text());
    } catch (const std::exception& error) {
        holdfast::daemon::log_error(error.what());
    }
    return EXIT_FAILURE;
}
