// TimeWorld: a TriggerWorld through restarts, sleep and heartbeats.
#ifndef HOLDFAST_TESTS_SUPPORT_TIME_WORLD_H
#define HOLDFAST_TESTS_SUPPORT_TIME_WORLD_H

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "daemon/state/trigger_fold.h"
#include "tests/support/trigger_world.h"

namespace holdfast::tests {

struct TimeWorld : TriggerWorld {
    // As after kill -9: nothing but the fake ledger's records, those before `end` of that moment.
    struct Recorded {
        std::size_t end;
        std::int64_t time;
    };
    void start_again(const std::vector<Recorded>& times) {
        auto beside = services.triggers.beside;
        services.triggers = {};
        services.triggers.beside = std::move(beside);
        services.triggers.steady = [this] { return steady; };
        daemon::TriggerFold fold(services.triggers);
        std::size_t index = 0;
        for (const auto& [end, recorded] : times)
            for (; index < end; ++index)
                fold.take(
                    {ledger.records[index].type, recorded, index, ledger.records[index].members});
        daemon::handlers::begin_triggers(services);
        run_ready();
    }
    void start_again(std::int64_t recorded) { start_again({{ledger.records.size(), recorded}}); }
    void pass(std::int64_t seconds) {
        time += seconds;
        steady += seconds;
    }
    std::string heartbeat() { return reason_of(as_operator(daemon::handlers::heartbeat, "")); }
    void look() {
        daemon::handlers::check_times(services);
        run_ready();
    }
};

struct WaitingWorld : TimeWorld {
    WaitingWorld() {
        rules().heartbeat = policy::Threshold{suspends, 60};
        daemon::handlers::take_declared_triggers(services, {{bot, "created", "active"}});
    }
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_TIME_WORLD_H
