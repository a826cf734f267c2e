// GET /v1/agents and /v1/agents/{name}: what was made, and what is declared.
#include "api/admin_messages.h"
#include "api/messages.h"
#include "core/crypto/jwk.h"
#include "core/crypto/trusted_key.h"
#include "daemon/handlers/admin.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/handlers.h"
#include "daemon/handlers/limits.h"
#include "daemon/handlers/stages.h"

namespace holdfast::daemon::handlers {
namespace {

std::vector<std::string> fingerprints_of(const std::vector<std::string>& keys) {
    std::vector<std::string> fingerprints;
    for (const std::string& text : keys) {
        const auto key = crypto::TrustedKey::parse(text);
        fingerprints.push_back(key ? key->fingerprint() : "unusable: " + key.error().text());
    }
    return fingerprints;
}

api::Declaration declaration_of(const policy::AgentFile& file) {
    api::Declaration declared;
    declared.environment = file.environment;
    declared.sponsor = file.accountability.sponsor;
    declared.owner = file.accountability.owner;
    declared.policy_author = file.accountability.policy_author;
    declared.can_stop = file.accountability.can_stop;
    declared.uid = file.uid;
    declared.executable = file.executable;
    declared.launched = file.launch.has_value();
    if (file.launch) declared.manifest_keys = fingerprints_of(file.launch->manifest_keys);
    declared.lifetime = file.lifetime;
    return declared;
}

// Whom an agent that is approval-only asks, and who can answer; a policy's rules name their own.
std::vector<std::string> approvers_of(const Services& services, const policy::AgentFile& file) {
    std::vector<std::string> names;
    for (const std::string& name : file.accountability.can_stop) {
        const policy::Operator* known = services.operators.find(name);
        if (known != nullptr && !known->keys.empty()) names.push_back(name);
    }
    return names;
}

Result<api::Agent> agent_of(const Services& services, const AgentRow& row) {
    HOLDFAST_TRY(thumbprint, crypto::jwk_thumbprint(row.key.spki));
    api::Agent agent;
    agent.name = row.name;
    agent.spiffe_id = spiffe_id(services, row.name);
    // Memory moves first; the row follows.
    agent.state = to_string(services.containment.state_of(row.name));
    agent.changed_by = row.changed_by;
    agent.reason = row.reason;
    agent.rate = row.rate;
    agent.pending = Stages::of(row.pending).names();
    agent.key_id = row.key.id;
    agent.key_thumbprint = std::move(thumbprint);
    agent.backend = row.key.backend;
    agent.algorithm = row.key.algorithm;
    agent.custody = custody_name(services, row.key);
    agent.token = row.key.token;
    agent.fuse = row.key.agent_fuse.kind;
    agent.fuse_index = row.key.agent_fuse.nv_index;
    agent.file_digest = row.file_digest;
    const auto file = services.agents.find(row.name);
    if (file == services.agents.end()) return agent;
    agent.declared = declaration_of(file->second);
    agent.declared->limits = limits_shown(services, file->second);
    agent.declared->triggers = policy::to_json(file->second.triggers);
    agent.declared->approvers = approvers_of(services, file->second);
    agent.declared->record = services.history.declared(row.name);
    for (const policy::Source& source : services.policies.sources_for(file->second))
        agent.declared->policies.push_back({source.set, source.version, source.author});
    if (file->second.launch) agent.log = services.settings.agent_log(row.name);
    return agent;
}

}  // namespace

Async<Answer> list_agents(Services& services, const Call& call) {
    HOLDFAST_CO_CHECK(api::empty_request(call.body));
    // Asked once, for the custody; without an answer it stays empty.
    (void)co_await services.host.identity();
    std::vector<api::Agent> agents;
    for (const auto& [name, row] : services.registry.rows()) {
        HOLDFAST_CO_TRY(agent, agent_of(services, row));
        agents.push_back(std::move(agent));
    }
    co_return json_answer(api::to_json(agents));
}

Async<Answer> show_agent(Services& services, const Call& call) {
    HOLDFAST_CO_CHECK(api::empty_request(call.body));
    // Asked once, for the custody; without an answer it stays empty.
    (void)co_await services.host.identity();
    const AgentRow* row = services.registry.find(call.argument);
    if (row == nullptr) co_return unknown_agent(call.argument);
    HOLDFAST_CO_TRY(agent, agent_of(services, *row));
    co_return json_answer(api::to_json(agent));
}

}  // namespace holdfast::daemon::handlers
