// request_of: an action and its circumstances, as policies see them.
#include "policy/request.h"

#include <chrono>

#include "core/encode/base64.h"
#include "core/encode/json.h"

namespace holdfast::policy {
namespace {

using cedar::EntityUid;
using cedar::Record;
using cedar::Value;

// Whoever asks for at least one level gets the higher ones, too.
std::vector<EntityUid> levels_up_to(Assurance assurance) {
    std::vector<EntityUid> levels;
    for (const Assurance level :
         {Assurance::observed, Assurance::launched, Assurance::recorded, Assurance::enforced})
        if (level <= assurance) levels.push_back({"Assurance", std::string(to_string(level))});
    return levels;
}

cedar::Entity principal_of(const AgentFile& agent, const Situation& situation) {
    const Accountability& who = agent.accountability;
    cedar::Entity principal;
    principal.ancestors = levels_up_to(situation.assurance);
    principal.ancestors.push_back({"Sponsor", who.sponsor});
    principal.ancestors.push_back({"Custody", std::string(to_string(situation.custody))});
    principal.attributes = Record{{"name", agent.name},
                                  {"sponsor", who.sponsor},
                                  {"owner", who.owner},
                                  {"policy_author", who.policy_author},
                                  {"custody", std::string(to_string(situation.custody))},
                                  {"assurance", std::string(to_string(situation.assurance))},
                                  {"launched", situation.assurance >= Assurance::launched}};
    if (!agent.environment.empty()) {
        principal.ancestors.push_back({"Environment", agent.environment});
        principal.attributes.emplace("environment", agent.environment);
    }
    if (situation.manifest) {
        const std::string digest = encode::hex(*situation.manifest);
        principal.ancestors.push_back({"Manifest", digest});
        principal.attributes.emplace("manifest", digest);
    }
    return principal;
}

// "refund.create" is in "refund".
cedar::Entity action_of(const std::string& name) {
    cedar::Entity action;
    for (auto dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1))
        action.ancestors.push_back({"Action", name.substr(0, dot)});
    return action;
}

Record time_of(std::int64_t unix_seconds) {
    using namespace std::chrono;  // NOLINT(google-build-using-namespace): a calendar's many words
    const sys_seconds now{seconds(unix_seconds)};
    const auto midnight = floor<days>(now);
    const year_month_day date{midnight};
    const hh_mm_ss clock{now - midnight};
    const auto number = [](auto value) { return Value(static_cast<std::int64_t>(value)); };
    return Record{{"unix", Value(unix_seconds)},
                  {"year", number(static_cast<int>(date.year()))},
                  {"month", number(static_cast<unsigned>(date.month()))},
                  {"day", number(static_cast<unsigned>(date.day()))},
                  {"weekday", number(weekday(midnight).iso_encoding())},
                  {"hour", number(clock.hours().count())},
                  {"minute", number(clock.minutes().count())}};
}

Result<Value> params_of(const std::string& text) {
    HOLDFAST_TRY(json, encode::parse_json(text));
    return cedar::value_from(json);
}

Result<Record> context_of(const Situation& situation, const Action& action) {
    Record context{
        {"resource", action.resource},
        {"host", Record{{"trust_domain", situation.trust_domain},
                        {"custody", std::string(to_string(situation.host_custody))},
                        {"tpm", situation.has_tpm},
                        {"register", std::string(situation.event_register)}}},
        {"time", time_of(situation.now)},
    };
    if (!action.on_behalf_of.empty()) context.emplace("on_behalf_of", action.on_behalf_of);
    if (action.params_sha256) context.emplace("params_sha256", encode::hex(*action.params_sha256));
    if (action.params.empty()) return context;
    auto params = params_of(action.params);
    if (!params)
        return Error(Code::denied, "params: " + params.error().text()).because("params_unreadable");
    context.emplace("params", *std::move(params));
    return context;
}

}  // namespace

Result<cedar::Request> request_of(const AgentFile& agent, const Situation& situation,
                                  const Action& action) {
    HOLDFAST_TRY(context, context_of(situation, action));
    cedar::Request request;
    request.principal = {"Agent", agent.name};
    request.action = {"Action", action.action};
    request.resource = {"Audience", action.audience};
    request.context = std::move(context);
    request.entities.emplace(request.principal, principal_of(agent, situation));
    request.entities.emplace(request.action, action_of(action.action));
    request.entities.emplace(request.resource,
                             cedar::Entity{Record{{"name", action.audience}}, {}});
    return request;
}

}  // namespace holdfast::policy
