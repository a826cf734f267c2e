// POST /v1/credential: the caller's short-lived X.509-SVID, recorded before it is handed out.
#include "api/messages.h"
#include "core/encode/pem.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/handlers.h"
#include "daemon/handlers/triggers.h"

namespace holdfast::daemon::handlers {
namespace {

api::Credential reply_of(const IssuedCredential& issued) {
    api::Credential reply;
    reply.spiffe_id = issued.spiffe_id;
    for (const Bytes& certificate : issued.chain)
        reply.chain_pem += encode::to_pem("CERTIFICATE", certificate);
    reply.serial = issued.serial;
    reply.not_after = issued.not_after;
    reply.renew_after = issued.renew_after;
    return reply;
}

}  // namespace

Async<Answer> credential(Services& services, const Call& call) {
    HOLDFAST_CO_CHECK(api::empty_request(call.body));
    auto caller = watched_caller(services, call);
    if (!caller) {
        Refused refused{"credential", {}, std::move(caller).error()};
        co_return co_await refuse(services, call, std::move(refused));
    }
    HOLDFAST_CO_CHECK(services.anchor.holds());
    const KeyDescription key = caller->row->key;
    CredentialRequest request = credential_request(*caller, call, key);
    HOLDFAST_CO_TRY(issued, co_await services.credentials.current(std::move(request)));
    // A revocation or another program meanwhile wins; the gate asks once more while it leaves.
    auto still = same_caller_of(services, call);
    if (!still) {
        Refused refused{"credential", {}, std::move(still).error()};
        co_return co_await refuse(services, call, std::move(refused));
    }

    Answer answer = json_answer(api::to_json(reply_of(issued)));
    answer.gated_agent = call.instance->agent;
    co_return answer;
}

}  // namespace holdfast::daemon::handlers
