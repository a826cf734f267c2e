// GET /v1/status: how the daemon is, without asking the chip for anything it has not said before.
#include "api/admin_messages.h"
#include "api/messages.h"
#include "daemon/handlers/admin.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/handlers.h"
#include "daemon/handlers/host_stop.h"
#include "daemon/handlers/stages.h"

namespace holdfast::daemon::handlers {

namespace {

api::Status::Token token_of(const Result<HostIdentity>& token) {
    api::Status::Token shown;
    if (!token) {
        shown.trouble = token.error().text();
        return shown;
    }
    shown.name = token->token;
    shown.manufacturer = token->manufacturer;
    shown.custody = to_string(token->custody);
    for (const KeyAlgorithm algorithm : token->algorithms)
        shown.algorithms.emplace_back(to_string(algorithm));
    return shown;
}

// Memory moves first; the row follows.
api::Status::Host host_of(const Services& services) {
    const HostRow row = current_host(services);
    return {std::string(to_string(services.containment.host())), row.changed_by, row.reason,
            Stages::of(row.pending).names()};
}

}  // namespace

Async<Answer> status(Services& services, const Call& call) {
    HOLDFAST_CO_CHECK(api::empty_request(call.body));
    // Works while the keys worker is away: then custody stays empty.
    const auto identity = co_await services.host.identity();
    api::Status reply;
    reply.version = HOLDFAST_VERSION;
    reply.trust_domain = services.settings.trust_domain();
    reply.privileges = services.settings.dev ? "not separated" : "separated";
    if (identity) {
        reply.custody = to_string(identity->custody);
        reply.manufacturer = identity->manufacturer;
        reply.event_register = identity->event_register;
    }
    if (services.settings.has_pkcs11()) {
        const auto token = co_await services.host.token();
        reply.token = token_of(token);
    }
    co_await services.anchor.settled();
    reply.anchor = shown(services.anchor.view());
    reply.host = host_of(services);
    reply.ledger = services.ledger.head();
    reply.ledger_failed = services.ledger.failed();
    for (const auto& [name, row] : services.registry.rows()) {
        ++reply.agents[std::string(to_string(services.containment.state_of(name)))];
        if (!row.pending.empty() || services.ongoing.unsaved.contains(name))
            reply.unsettled.push_back(name);
    }
    if (services.links) reply.links = services.links();
    reply.protocol["api"] = 1;
    co_return json_answer(api::to_json(reply));
}

}  // namespace holdfast::daemon::handlers
