#include "api/trigger_messages.h"

#include <utility>

#include "api/printable.h"
#include "api/request.h"
#include "core/encode/fields.h"

namespace holdfast::api {

using encode::Json;

namespace {

Result<SecurityEventRequest> read_security_event(const Json& json) {
    HOLDFAST_TRY(fields, encode::Fields::of(json, "security event request"));
    HOLDFAST_TRY(token, fields.text("set", max_event_token));
    HOLDFAST_CHECK(fields.finish());
    return SecurityEventRequest{std::move(token)};
}

}  // namespace

Result<SecurityEventRequest> security_event_request(std::string_view body) {
    return read_request(body, read_security_event);
}

Json to_json(const SecurityEventTaken& reply) {
    Json::Array agents;
    for (const SecurityEventTaken::Agent& agent : reply.agents) {
        Json::Object row;
        row["name"] = agent.name;
        row["state"] = agent.state;
        row["stopped"] = agent.stopped;
        agents.emplace_back(std::move(row));
    }
    Json::Object object;
    object["agents"] = std::move(agents);
    object["event"] = reply.event;
    object["subject"] = printable(reply.subject);
    return object;
}

Json to_json(const Heartbeat& reply) {
    Json::Array agents;
    for (const Heartbeat::Agent& agent : reply.agents) {
        Json::Object row;
        row["every_s"] = agent.every;
        row["name"] = agent.name;
        row["state"] = agent.state;
        agents.emplace_back(std::move(row));
    }
    Json::Object object;
    object["agents"] = std::move(agents);
    object["at"] = reply.at;
    return object;
}

}  // namespace holdfast::api
