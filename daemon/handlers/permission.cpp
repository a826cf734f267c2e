#include "daemon/handlers/permission.h"

#include <algorithm>

#include "daemon/handlers/approvals.h"
#include "daemon/handlers/triggers.h"

namespace holdfast::daemon::handlers {
namespace {

using encode::Json;

constexpr std::size_t max_rules_named = 32;

policy::Situation situation_of(const Services& services, const Call& call, const Caller& caller,
                               const HostIdentity& identity) {
    const Measurement& measurement = call.instance->view.measurement;
    policy::Situation situation;
    situation.custody = custody_of(caller.row->key, identity);
    situation.assurance = measurement.assurance;
    if (call.instance->is_launched()) situation.manifest = measurement.digest;
    situation.trust_domain = services.settings.trust_domain();
    situation.host_custody = identity.custody;
    situation.has_tpm = !identity.ak_public.empty();
    const RegisterState state = identity.event_register.state;
    situation.event_register = state == RegisterState::ready ? "ok" : to_string(state);
    situation.now = services.now();
    return situation;
}

std::string named(const std::vector<std::string>& rules) {
    std::string text;
    for (std::size_t n = 0; n < std::min(rules.size(), max_rules_named); ++n)
        text += (n == 0 ? "" : ", ") + rules[n];
    return text;
}

Error denial_of(const Services& services, const Caller& caller, const policy::Decision& decision) {
    const std::string& agent = caller.row->name;
    if (!decision.rules.empty())
        return Error(Code::denied, "policy: forbidden by " + named(decision.rules))
            .because("forbidden_by_policy");
    std::string text = "policy: no permit fits this action of agent " + agent;
    if (services.policies.sources_for(*caller.file).empty())
        text += ", and no set of its policy author is in force";
    return Error(Code::denied, std::move(text)).because("action_not_allowed");
}

Json rules_json(const std::vector<std::string>& rules) {
    const auto some = std::min(rules.size(), max_rules_named);
    return Json::Array(rules.begin(), rules.begin() + static_cast<std::ptrdiff_t>(some));
}

Json::Object source_json(const policy::Source& source) {
    Json::Object object;
    if (!source.author.empty()) object["author"] = source.author;
    object["set"] = source.set;
    object["version"] = source.version;
    return object;
}

Json observed_json(const policy::Observed& would) {
    Json::Object object = source_json(would.source);
    object["rules"] = rules_json(would.rules);
    return object;
}

// The rules that decided, and their sets.
Json::Object decision_json(const policy::Decision& decision) {
    Json::Object record;
    if (!decision.rules.empty()) record["rules"] = rules_json(decision.rules);
    Json::Array sets;
    for (const policy::Source& source : decision.sources)
        sets.emplace_back(source_json(source));
    if (!sets.empty()) record["sets"] = std::move(sets);
    return record;
}

Json::Object host_json(const policy::Situation& situation) {
    Json::Object host;
    host["custody"] = to_string(situation.host_custody);
    host["register"] = situation.event_register;
    host["tpm"] = situation.has_tpm;
    return host;
}

}  // namespace

Ruling ruling_of(Services& services, const Call& call, Result<Caller> found,
                 const api::ActionRequest& request, const HostIdentity& identity) {
    if (!found) return Denial{std::move(found).error()};
    const Caller caller = *found;
    if (Done turn = services.containment.turn_left(caller.row->name); !turn)
        return Denial{std::move(turn).error()};
    auto situation = situation_of(services, call, caller, identity);
    auto decided = services.policies.decide(*caller.file, situation, request.action);
    if (!decided) return Denial{std::move(decided).error()};
    if (!decided->permitted)
        return Denial{denial_of(services, caller, *decided), *std::move(decided)};
    if (Done known = check_audience(services, *caller.file, request.action.audience); !known)
        return Denial{std::move(known).error(), *std::move(decided)};
    policy::Demand demand = demand_of(services, caller, *decided);
    if (Done fits = approval_fits(services, call, request, demand); !fits)
        return Denial{std::move(fits).error(), *std::move(decided)};
    return Permission{caller, *std::move(decided), std::move(situation), std::move(demand)};
}

Async<Answer> refuse_action(Services& services, const Call& call, Action action, Denial denial) {
    Json::Object asked;
    asked["action"] = std::move(action.action);
    asked["audience"] = std::move(action.audience);
    asked["rule"] = rule_of(denial.decision);
    auto policy = policy_record(denial.decision);
    if (!policy.empty()) asked["policy"] = std::move(policy);
    Refused refused{"action", std::move(asked), std::move(denial.error)};
    co_return co_await refuse(services, call, std::move(refused));
}

std::vector<std::string> rules_named(const policy::Decision& decision) {
    const auto some = std::min(decision.rules.size(), max_rules_named);
    return {decision.rules.begin(), decision.rules.begin() + static_cast<std::ptrdiff_t>(some)};
}

std::string rule_of(const policy::Decision& decision) {
    return decision.rules.empty() ? "default deny" : decision.rules.front();
}

void add_observed(Json::Object& policy, const std::vector<policy::Observed>& observed,
                  std::size_t room) {
    constexpr std::size_t names = sizeof(R"("observed":[],"observed_left_off":99999,)");
    if (observed.empty() || room < names) return;
    room = std::min(room, max_observed) - names;
    Json::Array kept;
    for (const policy::Observed& would : observed) {
        Json one = observed_json(would);
        const std::size_t size = encode::canonical(one).size() + 1;  // and a comma
        if (size > room) continue;
        room -= size;
        kept.push_back(std::move(one));
    }
    const auto left_off = static_cast<std::int64_t>(observed.size() - kept.size());
    if (left_off > 0) policy["observed_left_off"] = left_off;
    if (!kept.empty()) policy["observed"] = std::move(kept);
}

Json::Object policy_record(const policy::Decision& decision) {
    Json::Object policy = decision_json(decision);
    add_observed(policy, decision.observed, max_observed);
    return policy;
}

void add_policy(ledger::Record& record, const Permission& permission) {
    Json::Object policy = decision_json(permission.decision);
    policy["host"] = host_json(permission.situation);
    record.members["policy"] = policy;
    if (permission.decision.observed.empty()) return;
    const auto encoded = ledger::encode_record(record);
    if (!encoded) return;  // it is too long without them
    add_observed(policy, permission.decision.observed, ledger::max_record - encoded->size());
    record.members["policy"] = std::move(policy);
}

}  // namespace holdfast::daemon::handlers
