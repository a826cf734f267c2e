// GET /v1/ledger/head: the durable head under the ledger key; POST /v1/ledger/resume: tries again.
#include "api/admin_messages.h"
#include "api/messages.h"
#include "core/encode/pem.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/handlers.h"
#include "daemon/log.h"
#include "ledger/checkpoint.h"

namespace holdfast::daemon::handlers {

Async<Answer> ledger_head(Services& services, const Call& call) {
    HOLDFAST_CO_CHECK(api::empty_request(call.body));
    HOLDFAST_CO_TRY(identity, co_await services.host.identity());
    const LedgerHead head = services.ledger.head();
    const std::string origin = services.settings.trust_domain() + "/ledger";
    const std::string text = ledger::checkpoint_text(origin, head);
    Bytes preimage = bytes_of(view_of(text));
    HOLDFAST_CO_TRY(raw, co_await services.keys.sign(identity.ledger.id, std::move(preimage)));
    HOLDFAST_CO_TRY(note, ledger::signed_note(text, origin, identity.ledger.spki, raw));
    api::Head reply{head, std::move(note), encode::to_pem("PUBLIC KEY", identity.ledger.spki)};
    co_return json_answer(api::to_json(reply));
}

Async<Answer> ledger_resume(Services& services, const Call& call) {
    HOLDFAST_CO_CHECK(api::empty_request(call.body));
    HOLDFAST_CO_TRY(repaired, co_await services.ledger.resume());
    (void)repaired;
    // Who said so is a decision like others; and only a record that was written shows that the disk
    // takes records again.
    encode::Json::Object record;
    record["by"] = call.principal;
    HOLDFAST_CO_TRY(index, co_await services.ledger.append("resume", std::move(record)));
    log_info("signing is resumed by " + call.principal + ", record " + std::to_string(index));
    co_return json_answer(api::to_json(api::Head{services.ledger.head(), {}, {}}));
}

}  // namespace holdfast::daemon::handlers
