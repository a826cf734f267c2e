// RunningWorld: a HandlerWorld in which instances of a launched agent run.
#ifndef HOLDFAST_TESTS_SUPPORT_RUNNING_WORLD_H
#define HOLDFAST_TESTS_SUPPORT_RUNNING_WORLD_H

#include <string>

#include "tests/support/catch.h"
#include "tests/support/handler_world.h"

namespace holdfast::tests {

struct RunningWorld : HandlerWorld {
    RunningWorld() {
        declare(bot);
        agents[bot].launch = policy::Launch{{"ssh-ed25519 AAAA"}, policy::OnChange::kill};
    }
    void run(const std::string& instance, bool kill_on_change = true) {
        auto facts = own_instance(bot, instance);
        facts.kill_on_change = kill_on_change;
        facts.running = true;
        REQUIRE(launched.add(std::move(facts)));
    }
    Result<std::monostate> hear(daemon::LaunchNotice::Kind kind, const std::string& instance) {
        return run_async(loop,
                         daemon::handlers::instance_notice(services, {kind, instance, "signal 9"}));
    }
    Result<std::monostate> change(const std::string& instance) {
        return run_async(loop,
                         daemon::handlers::session_over(services, instance, "measurement_changed"));
    }
    Result<std::monostate> take_over() {
        return run_async(loop, daemon::handlers::take_over_instances(services));
    }
    std::string last(const char* member) const {
        return text_at(encode::Json(ledger.records.back().members), {member});
    }
    bool is_over(const std::string& instance) const { return launched.find(instance)->over; }
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_RUNNING_WORLD_H
