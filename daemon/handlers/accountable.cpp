// POST /v1/ledger/who, and what an action's record says of it.
#include "daemon/handlers/accountable.h"

#include "api/who_messages.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/handlers.h"

namespace holdfast::daemon::handlers {
namespace {

api::Who reply_of(Answerable found) {
    api::Who reply;
    reply.sequence = found.sequence;
    reply.type = std::move(found.type);
    reply.time = found.time;
    reply.agent = std::move(found.agent);
    reply.declared = found.declared;
    reply.sponsor = std::move(found.sponsor);
    reply.owner = std::move(found.owner);
    reply.policy_author = std::move(found.policy_author);
    reply.can_stop = std::move(found.can_stop);
    reply.approved_by = std::move(found.approved_by);
    reply.stopped_by = std::move(found.stopped_by);
    return reply;
}

}  // namespace

encode::Json accountable_of(const Services& services, const policy::AgentFile& file) {
    const policy::Accountability& who = file.accountability;
    encode::Json::Object members;
    members["owner"] = who.owner;
    members["policy_author"] = who.policy_author;
    members["sponsor"] = who.sponsor;
    if (const auto declared = services.history.declared(file.name))
        members["declared"] = static_cast<std::int64_t>(*declared);
    return {std::move(members)};
}

Async<Answer> ledger_who(Services& services, const Call& call) {
    HOLDFAST_CO_TRY(request, api::who_request(call.body));
    if (!services.who_answers) co_return Error(Code::internal, "nobody reads the ledger");
    HOLDFAST_CO_TRY(found, co_await services.who_answers(request.sequence));
    co_return json_answer(api::to_json(reply_of(std::move(found))));
}

}  // namespace holdfast::daemon::handlers
