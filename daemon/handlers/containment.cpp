// POST /v1/agents/{name}/suspend|kill|throttle|approval-only|revoke|retire: stopping one agent.
#include <boost/asio/this_coro.hpp>

#include "api/contain_messages.h"
#include "daemon/handlers/admin.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/handlers.h"
#include "daemon/handlers/instance_stop.h"
#include "daemon/handlers/stopping.h"
#include "daemon/handlers/tombstones.h"

namespace holdfast::daemon::handlers {
namespace {

Async<Answer> stop_by(Services& services, const Call& call, std::string verb) {
    HOLDFAST_CO_TRY(request, api::stop_agent_request(call.body));
    HOLDFAST_CO_TRY(order, stop_order(verb, call.principal, request.reason, request.rate));
    auto row = current_row(services, call.argument);
    if (!row) co_return unknown_agent(call.argument);
    if (request.instance)
        co_return co_await stop_instance(services, *std::move(row), std::move(order),
                                         *request.instance);
    HOLDFAST_CO_CHECK(may_stop(*row, order));
    if (is_settled(services, *row, order))
        co_return json_answer(api::to_json(settled_reply(services, *row, order)));
    const Containing containing(services, row->name);
    Stopping stopping = stop_in_memory(services, *std::move(row), std::move(order));
    HOLDFAST_CO_TRY(outcome, co_await make_durable(services, std::move(stopping)));
    const bool has_fuse = is_kept_by_fuse(outcome);
    HOLDFAST_CO_TRY(seal, co_await seal_stop(services, verb, call.principal, has_fuse));
    note_seal(outcome, seal);
    bury(services, co_await boost::asio::this_coro::executor, call.argument);
    co_return stop_answer(api::to_json(outcome.reply), outcome.durable, outcome.trouble);
}

}  // namespace

Async<Answer> suspend(Services& services, const Call& call) {
    co_return co_await stop_by(services, call, "suspend");
}

Async<Answer> kill(Services& services, const Call& call) {
    co_return co_await stop_by(services, call, "kill");
}

Async<Answer> throttle(Services& services, const Call& call) {
    co_return co_await stop_by(services, call, "throttle");
}

Async<Answer> approval_only(Services& services, const Call& call) {
    co_return co_await stop_by(services, call, "approval-only");
}

Async<Answer> revoke(Services& services, const Call& call) {
    co_return co_await stop_by(services, call, "revoke");
}

Async<Answer> retire(Services& services, const Call& call) {
    co_return co_await stop_by(services, call, "retire");
}

}  // namespace holdfast::daemon::handlers
