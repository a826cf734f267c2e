// GET /v1/anchor: how ledger and anchor counter stand; POST /v1/anchor/accept: as it is, it is
// right.
#include "api/anchor_messages.h"
#include "api/messages.h"
#include "daemon/handlers/admin.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/handlers.h"

namespace holdfast::daemon::handlers {

api::Anchor shown(const AnchorView& view) {
    return {std::string(to_string(view.phase)), view.counter, view.recorded, view.reason};
}

Async<Answer> anchor(Services& services, const Call& call) {
    HOLDFAST_CO_CHECK(api::empty_request(call.body));
    co_await services.anchor.settled();
    co_return json_answer(api::to_json(shown(services.anchor.view())));
}

Async<Answer> anchor_accept(Services& services, const Call& call) {
    HOLDFAST_CO_TRY(request, api::anchor_accept_request(call.body));
    std::string by = call.principal;
    auto accepting = services.anchor.accept(std::move(by), std::move(request.reason));
    HOLDFAST_CO_TRY(view, co_await std::move(accepting));
    co_return json_answer(api::to_json(shown(view)));
}

}  // namespace holdfast::daemon::handlers
