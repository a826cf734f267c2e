// Limits and actions that fall under them, and a bench that says in a word what became of one.
#ifndef HOLDFAST_TESTS_SUPPORT_LIMIT_SAMPLES_H
#define HOLDFAST_TESTS_SUPPORT_LIMIT_SAMPLES_H

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "policy/limits.h"

namespace holdfast::tests {

inline policy::Limit count_limit(std::string name, std::uint64_t cap, std::int64_t window,
                                 std::string per = "") {
    policy::Limit limit;
    limit.name = std::move(name);
    limit.per = std::move(per);
    limit.cap = cap;
    limit.window = window;
    return limit;
}

inline policy::Limit sum_limit(std::string name, std::string field, std::uint64_t cap,
                               std::int64_t window, std::string per = "") {
    policy::Limit limit = count_limit(std::move(name), cap, window, std::move(per));
    limit.sum = std::move(field);
    return limit;
}

inline policy::Limit in_hardware(policy::Limit limit) {
    limit.hardware = true;
    return limit;
}

inline Action refund(std::string params = "{}") {
    Action action;
    action.action = "refund.create";
    action.audience = "https://payments.example";
    action.params = std::move(params);
    return action;
}

// One agent (or several of the same declaration) and a clock.
struct LimitBench {
    explicit LimitBench(std::vector<policy::Limit> of_bot,
                        const std::vector<std::string>& agents = {"bot"})
        : declared(std::move(of_bot)) {
        policy::DeclaredLimits all;
        for (const std::string& agent : agents)
            all[agent] = declared;
        limits = policy::Limits(all);
    }

    std::vector<policy::Limit> declared;
    policy::Limits limits;
    std::int64_t now = 1'700'000'000;

    policy::Reserved reserve(const Action& action) {
        return limits.reserve("bot", declared, action, now);
    }
    // "reserved", or why not.
    std::string try_to(const Action& action) {
        const auto outcome = reserve(action);
        const auto* refusal = std::get_if<policy::LimitRefusal>(&outcome);
        return refusal == nullptr ? "reserved" : refusal->error.reason();
    }
    policy::LimitRefusal refusal(const Action& action) {
        return std::get<policy::LimitRefusal>(reserve(action));
    }
    policy::Reservation reserved(const Action& action) {
        return std::get<policy::Reservation>(reserve(action));
    }
    policy::LimitUse use(std::size_t which = 0) const {
        return *limits.use("bot", declared[which], now);
    }
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_LIMIT_SAMPLES_H
