// GET /v1/whoami: what Holdfast knows of the caller, and what that is not worth.
#include "api/messages.h"
#include "core/crypto/jwk.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/handlers.h"

namespace holdfast::daemon::handlers {
namespace {

std::vector<std::string> notes_of(const Services& services, const Instance& instance) {
    std::vector<std::string> notes;
    if (instance.view.measurement.assurance == Assurance::observed)
        notes.emplace_back("observed: forgeable by the same uid");
    if (!instance.pid_reuse_excluded) notes.emplace_back("pid reuse not excluded");
    if (services.containment.host() != AgentState::active)
        notes.emplace_back("the host is " + std::string(to_string(services.containment.host())));
    if (services.settings.dev) notes.emplace_back("privileges: not separated");
    return notes;
}

}  // namespace

// Contained agents may ask: they learn why they are refused.
Async<Answer> whoami(Services& services, const Call& call) {
    HOLDFAST_CO_TRY(identity, co_await services.host.identity());
    if (call.instance == nullptr)
        co_return Error(Code::denied, "no agent is behind this connection")
            .because("unrecognised_caller");
    const std::string& name = call.instance->agent;
    const auto file = services.agents.find(name);
    const AgentRow* row = services.registry.find(name);
    if (file == services.agents.end() || row == nullptr)
        co_return Error(Code::denied, "agent " + name + " is no longer declared")
            .because("unrecognised_caller");

    HOLDFAST_CO_TRY(thumbprint, crypto::jwk_thumbprint(row->key.spki));
    api::WhoAmI reply;
    reply.agent = spiffe_id(services, name);
    reply.instance = call.instance->id;
    reply.sponsor = file->second.accountability.sponsor;
    reply.state = to_string(services.containment.state_of(name));
    reply.key_thumbprint = std::move(thumbprint);
    reply.custody = custody_of(row->key, identity);
    reply.fuse = row->key.agent_fuse.kind;
    reply.measurement = call.instance->view.measurement;
    reply.notes = notes_of(services, *call.instance);
    co_return json_answer(api::to_json(reply));
}

}  // namespace holdfast::daemon::handlers
