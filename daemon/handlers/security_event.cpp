// POST /v1/security-events: an issuer that the operator trusts says who is not to be trusted.
#include "policy/security_event.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "api/trigger_messages.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/handlers.h"
#include "daemon/handlers/stopping.h"
#include "daemon/handlers/triggers.h"
#include "daemon/state/trigger_fold.h"
#include "holdfast/agent_id.h"
#include "policy/config_folder.h"

namespace holdfast::daemon::handlers {
namespace {

Error not_expected() {
    return Error(Code::conflict, "[security_events] is not set: no issuer's tokens count here")
        .because("no_security_events");
}

// Read each time: an issuer's keys change, and a token is handed in seldom.
Result<policy::EventIssuer> issuer_of(const Settings& settings) {
    if (!settings.has_security_events()) return not_expected();
    const std::string& path = settings.events_keys;
    const std::size_t slash = path.rfind('/');
    HOLDFAST_TRY(folder, policy::ConfigFolder::open(path.substr(0, slash)));
    HOLDFAST_TRY(text, folder.content(path.substr(slash + 1), crypto::max_jwk_set));
    HOLDFAST_TRY(keys, crypto::parse_jwk_set(text));
    return policy::EventIssuer{settings.events_issuer, settings.events_audience, std::move(keys)};
}

// Signed, of now, and not taken before. What is wrong with the keys here is no fault of the token.
Result<policy::SecurityEvent> event_in(const Services& services, const std::string& token) {
    auto issuer = issuer_of(services.settings);
    if (!issuer && issuer.error().code() != Code::conflict)
        return Error(Code::unavailable, "security_events.keys: " + issuer.error().text())
            .because("event_keys_unreadable");
    if (!issuer) return std::move(issuer).error();
    HOLDFAST_TRY(event, policy::verify_security_event(token, *issuer, services.now()));
    HOLDFAST_CHECK(services.triggers.events.check(issuer->issuer, event.id, event.issued));
    return event;
}

bool is_about(const Services& services, const policy::SecurityEvent& event,
              const policy::AgentFile& file) {
    if (event.format != "uri") return file.accountability.sponsor == event.subject;
    return spiffe_id(services, file.name) == event.subject;
}

// Those it means, and whose file wants to hear of it.
Result<std::vector<std::string>> agents_of(const Services& services,
                                           const policy::SecurityEvent& event) {
    std::vector<std::string> agents;
    for (const auto& [name, file] : services.agents)
        if (file.triggers.security_event && is_about(services, event, file)) agents.push_back(name);
    if (!agents.empty()) return agents;
    return Error(Code::not_found, "security event: no agent with that trigger is meant")
        .because("no_agent_for_event");
}

encode::Json::Object record_of(const Services& services, const policy::SecurityEvent& event,
                               std::size_t agents, const std::string& by) {
    encode::Json::Object record;
    record["agents"] = static_cast<std::int64_t>(agents);
    record["by"] = by;
    record["event"] = event.event;
    record["format"] = event.format;
    record["issued"] = event.issued;
    record["issuer"] = services.settings.events_issuer;
    record["jti"] = event.id;
    record["subject"] = event.subject;
    return record;
}

// An ordinary refusal, within its budget: what is refused gets no share of the disk's reserve.
Async<Answer> refuse_event(Services& services, const Call& call, Error error) {
    Refused refused{security_event_type, {}, std::move(error)};
    co_return co_await refuse(services, call, std::move(refused));
}

api::SecurityEventTaken stop_all(Services& services, const policy::SecurityEvent& event,
                                 const std::vector<std::string>& agents) {
    api::SecurityEventTaken reply{event.event, event.subject, {}};
    for (const std::string& agent : agents) {
        const bool stopped = fire(services, agent, policy::Trigger::security_event,
                                  event.event + " for " + event.subject + ", jti " + event.id);
        reply.agents.push_back(
            {agent, std::string(to_string(services.containment.state_of(agent))), stopped});
    }
    return reply;
}

// The token is used up, so whoever handed it in is told when a restart might undo its stops.
Answer answer_of(const Services& services, const api::SecurityEventTaken& reply) {
    const auto& unsaved = services.ongoing.unsaved;
    const auto open = std::ranges::find_if(
        reply.agents, [&](const auto& agent) { return unsaved.contains(agent.name); });
    if (open == reply.agents.end()) return json_answer(api::to_json(reply));
    return stop_answer(api::to_json(reply), false, "agent " + open->name + ": registry");
}

}  // namespace

Done check_event_keys(const Settings& settings) {
    if (!settings.has_security_events()) return done();
    HOLDFAST_TRY(issuer, issuer_of(settings));
    (void)issuer;
    return done();
}

Async<Answer> security_event(Services& services, const Call& call) {
    HOLDFAST_CO_TRY(request, api::security_event_request(call.body));
    auto event = event_in(services, request.token);
    if (!event) {
        Error error = std::move(event).error();
        co_return co_await refuse_event(services, call, std::move(error));
    }
    auto agents = agents_of(services, *event);
    if (!agents) {
        Error error = std::move(agents).error();
        co_return co_await refuse_event(services, call, std::move(error));
    }
    // Queued first, and in memory in the same step: a replay finds it from here on.
    services.triggers.events.take(services.settings.events_issuer, event->id, event->issued);
    auto record = record_of(services, *event, agents->size(), call.principal);
    auto recorded = services.ledger.append(security_event_type, std::move(record));
    const api::SecurityEventTaken reply = stop_all(services, *event, *agents);
    HOLDFAST_CO_CHECK(co_await std::move(recorded));
    co_return answer_of(services, reply);
}

}  // namespace holdfast::daemon::handlers
