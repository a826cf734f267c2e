#include "daemon/handlers/caller.h"

#include "core/encode/json.h"
#include "daemon/handlers/triggers.h"
#include "holdfast/agent_id.h"

namespace holdfast::daemon::handlers {

namespace {

bool is_declared_so(const policy::AgentFile& file, const Call& call) {
    const Instance& instance = *call.instance;
    if (file.launch || instance.is_launched()) return file.launch && instance.is_launched();
    return file.uid == call.peer.uid &&
           file.executable == instance.view.measurement.executable.digest;
}

}  // namespace

Result<Caller> caller_of(const Services& services, const Call& call) {
    if (call.instance == nullptr)
        return Error(Code::denied, "no agent is behind this connection")
            .because("unrecognised_caller");
    const std::string& name = call.instance->agent;
    HOLDFAST_CHECK(services.containment.allows(name, call.instance->id));
    const auto file = services.agents.find(name);
    const AgentRow* row = services.registry.find(name);
    if (file == services.agents.end() || row == nullptr)
        return Error(Code::denied, "agent " + name + " is no longer declared")
            .because("unrecognised_caller");
    // The file may have changed since this connection was recognised.
    if (!is_declared_so(file->second, call))
        return Error(Code::denied, "agent " + name + " is now declared with another uid or code",
                     Retry::reattest)
            .because("measurement_mismatch");
    return Caller{&file->second, row};
}

Result<Caller> same_caller_of(const Services& services, const Call& call) {
    HOLDFAST_TRY(caller, caller_of(services, call));
    if (!call.still_same) return Error(Code::internal, "nobody can say who is calling");
    HOLDFAST_CHECK(call.still_same());
    return caller;
}

std::string custody_name(const Services& services, const KeyDescription& key) {
    const HostIdentity* identity = services.host.known();
    if (identity == nullptr && key.backend == Backend::tpm) return "";
    const HostIdentity unknown;
    return std::string(to_string(custody_of(key, identity == nullptr ? unknown : *identity)));
}

std::string spiffe_id(const Services& services, std::string_view agent) {
    return AgentId{services.settings.trust_domain(), std::string(agent)}.uri();
}

CredentialRequest credential_request(const Caller& caller, const Call& call,
                                     const KeyDescription& key) {
    return CredentialRequest{caller.row->name, &key, call.instance->id,
                             call.instance->view.measurement, caller.file->lifetime};
}

Async<Answer> refuse(Services& services, const Call& call, Refused refused) {
    note_refusal(services, call, refused);
    Refusal refusal{call.instance == nullptr ? std::string() : call.instance->agent,
                    call.peer.uid,
                    call.peer.pid,
                    std::move(refused.operation),
                    refused.error.reason(),
                    std::move(refused.asked)};
    // A ledger that has failed stops signing by itself; it does not turn a refusal into a promise.
    (void)co_await services.refusals.record(refusal);
    co_return std::move(refused.error);
}

Answer json_answer(const encode::Json& body) {
    Answer answer;
    answer.body = encode::canonical(body);
    return answer;
}

}  // namespace holdfast::daemon::handlers
