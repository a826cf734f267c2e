// TriggerWorld: an agent whose file has triggers, and what became of it.
#ifndef HOLDFAST_TESTS_SUPPORT_TRIGGER_WORLD_H
#define HOLDFAST_TESTS_SUPPORT_TRIGGER_WORLD_H

#include <algorithm>
#include <string>
#include <utility>

#include "daemon/handlers/triggers.h"
#include "tests/support/handler_world.h"

namespace holdfast::tests {

inline const policy::Reaction suspends{"suspend", {}};

struct TriggerWorld : HandlerWorld {
    explicit TriggerWorld(Anchored how = Anchored::no) : HandlerWorld(how) {
        declare(bot);
        permit("payments", "refund.create");
        services.triggers.steady = [this] { return steady; };
        // Issued once, so that stories are about actions.
        (void)as_agent(daemon::handlers::credential, "");
        keys.calls.clear();
        ledger.records.clear();
    }
    // For every audience: the next version of the set of that name.
    void permit(const std::string& set, const std::string& action) {
        put_policy(set, "//! version = " + std::to_string(++version) + "\n@id(\"" + set +
                            "\") permit(principal, action == Action::\"" + action +
                            "\", resource);\n");
    }
    policy::TriggerRules& rules() { return agents[bot].triggers; }

    // "signed", or why not.
    std::string sign(const std::string& action = "refund.create",
                     const std::string& audience = "https://payments.example") {
        const auto answer =
            as_agent(daemon::handlers::sign_action,
                     R"({"action":")" + action + R"(","audience":")" + audience + "\"}");
        run_ready();
        return answer ? "signed" : answer.error().reason();
    }
    // With the agent's key: that it was stopped is signed for the CRL.
    std::size_t signatures() const {
        return static_cast<std::size_t>(
            std::ranges::count(keys.calls, "sign " + registry.find(bot)->key.id));
    }
    std::string state() const { return std::string(to_string(containment.state_of(bot))); }
    std::string by() const { return registry.find(bot)->changed_by; }
    std::string why() const { return registry.find(bot)->reason; }
    // Any other operator than who stopped it; as the operator sees it.
    std::string reinstate(const std::string& principal = "login:1000") {
        const auto answer = as_operator(daemon::handlers::reinstate, bot, "", principal);
        return answer ? state() : answer.error().reason();
    }
    // Its members, of the newest record of that type.
    encode::Json newest(const std::string& type) const {
        for (auto record = ledger.records.rbegin(); record != ledger.records.rend(); ++record)
            if (record->type == type) return record->members;
        return {};
    }

    std::int64_t steady = 5000;
    int version = 1;
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_TRIGGER_WORLD_H
