// Caller: the declared agent behind a call, and how a refusal of it is recorded.
#ifndef HOLDFAST_DAEMON_HANDLERS_CALLER_H
#define HOLDFAST_DAEMON_HANDLERS_CALLER_H

#include <string>

#include "daemon/handlers/services.h"

namespace holdfast::daemon::handlers {

// Valid until the next co_await: apply and the admin verbs change what is behind the pointers.
struct Caller {
    const policy::AgentFile* file;
    const AgentRow* row;
};

// May this agent act right now? denied: contained (its reason), or no longer declared.
Result<Caller> caller_of(const Services& services, const Call& call);

// The same after a wait: the caller may have executed other code meanwhile.
// denied: measurement_changed, caller_gone.
Result<Caller> same_caller_of(const Services& services, const Call& call);

// Empty for a key in the TPM while its worker never answered.
std::string custody_name(const Services& services, const KeyDescription& key);

std::string spiffe_id(const Services& services, std::string_view agent);

// The request to issue for this instance. `key` is a copy that outlives the await.
CredentialRequest credential_request(const Caller& caller, const Call& call,
                                     const KeyDescription& key);

struct Refused {
    std::string operation;       // "action", "credential", "evidence", "security_event"
    encode::Json::Object asked;  // what the agent wanted, for the record
    Error error;
};
// The record is durable (or summed, over budget) before the refusal leaves.
Async<Answer> refuse(Services& services, const Call& call, Refused refused);

Answer json_answer(const encode::Json& body);

}  // namespace holdfast::daemon::handlers

#endif  // HOLDFAST_DAEMON_HANDLERS_CALLER_H
