// A request as the daemon makes one for a launched agent, and policies written in one line.
#ifndef HOLDFAST_TESTS_SUPPORT_CEDAR_REQUEST_H
#define HOLDFAST_TESTS_SUPPORT_CEDAR_REQUEST_H

#include <string>

#include "policy/cedar/evaluate.h"

namespace holdfast::cedar_test {

namespace cedar = policy::cedar;

inline const std::string manifest_id(64, 'a');

inline cedar::Entities entities() {
    using cedar::Value;
    cedar::Entity agent;
    agent.attributes = {{"name", "refund-agent"},         {"sponsor", "finance@example.org"},
                        {"owner", "refunds@example.org"}, {"policy_author", "security@example.org"},
                        {"environment", "production"},    {"custody", "tpm"},
                        {"assurance", "launched"},        {"launched", true},
                        {"manifest", manifest_id}};
    agent.ancestors = {{"Sponsor", "finance@example.org"},
                       {"Environment", "production"},
                       {"Custody", "tpm"},
                       {"Assurance", "observed"},
                       {"Assurance", "launched"},
                       {"Manifest", manifest_id}};
    const cedar::Entity action = {{}, {{"Action", "refund"}}};
    const cedar::Entity audience = {{{"name", "https://payments.example"}}, {}};
    return {{{"Agent", "refund-agent"}, agent},
            {{"Action", "refund.create"}, action},
            {{"Audience", "https://payments.example"}, audience}};
}

inline cedar::Value context() {
    using cedar::Record;
    using cedar::Value;
    const Record host = {
        {"trust_domain", "h1.example.org"}, {"custody", "tpm"}, {"tpm", true}, {"register", "ok"}};
    // 2026-11-28 was a Saturday.
    const Record time = {{"unix", std::int64_t{1795831200}}, {"year", std::int64_t{2026}},
                         {"month", std::int64_t{11}},        {"day", std::int64_t{28}},
                         {"weekday", std::int64_t{6}},       {"hour", std::int64_t{2}},
                         {"minute", std::int64_t{0}}};
    const Record params = {{"amount_minor", std::int64_t{4200}},
                           {"currency", "EUR"},
                           {"tags", cedar::Set({"late", "damaged"})},
                           {"note", "a*b"}};
    return Record{{"resource", "order/4711"},
                  {"params", params},
                  {"on_behalf_of", "alice@example.org"},
                  {"host", host},
                  {"time", time}};
}

inline cedar::Request request() {
    return {{"Agent", "refund-agent"},
            {"Action", "refund.create"},
            {"Audience", "https://payments.example"},
            context(),
            entities()};
}

// A permit for everything under these conditions: `when { … }`.
inline std::string permit(const std::string& conditions) {
    return "@id(\"p\") permit(principal, action, resource) " + conditions + ";";
}

}  // namespace holdfast::cedar_test

#endif  // HOLDFAST_TESTS_SUPPORT_CEDAR_REQUEST_H
