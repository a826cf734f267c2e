// POST /v1/heartbeat: an operator says that somebody is there.
#include "api/messages.h"
#include "api/trigger_messages.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/handlers.h"
#include "daemon/state/trigger_fold.h"

namespace holdfast::daemon::handlers {

// It counts once its record is durable: what a restart would not know of is none.
Async<Answer> heartbeat(Services& services, const Call& call) {
    HOLDFAST_CO_CHECK(api::empty_request(call.body));
    encode::Json::Object record;
    record["by"] = call.principal;
    HOLDFAST_CO_CHECK(co_await services.ledger.append(heartbeat_type, std::move(record)));
    TriggerMemory& memory = services.triggers;
    const std::int64_t now = services.now();
    memory.heartbeats.beat({now, memory.steady()});
    api::Heartbeat reply;
    reply.at = now;
    for (const auto& [name, file] : services.agents)
        if (file.triggers.heartbeat)
            reply.agents.push_back({name,
                                    std::string(to_string(services.containment.state_of(name))),
                                    file.triggers.heartbeat->number});
    co_return json_answer(api::to_json(reply));
}

}  // namespace holdfast::daemon::handlers
