#include "api/admin_messages.h"

#include <algorithm>
#include <iterator>

#include "api/printable.h"
#include "api/request.h"
#include "core/encode/base64.h"
#include "core/encode/fields.h"

namespace holdfast::api {
namespace {

using encode::Json;

Result<ApplyRequest> read_apply(const Json& json) {
    HOLDFAST_TRY(fields, encode::Fields::of(json, "apply request"));
    HOLDFAST_TRY(dry_run, fields.boolean_or("dry_run", false));
    HOLDFAST_CHECK(fields.finish());
    return ApplyRequest{dry_run};
}

Result<ActivateRequest> read_activate(const Json& json) {
    HOLDFAST_TRY(fields, encode::Fields::of(json, "activate request"));
    HOLDFAST_TRY(blob, fields.base64url("blob", max_activate_member));
    HOLDFAST_TRY(secret, fields.base64url("secret", max_activate_member));
    HOLDFAST_CHECK(fields.finish());
    return ActivateRequest{std::move(blob), std::move(secret)};
}

Json texts(const std::vector<std::string>& list) {
    return Json::Array(list.begin(), list.end());
}

template <class Value>
Json table(const std::map<std::string, Value>& rows) {
    return Json::Object(rows.begin(), rows.end());
}

Json declaration_json(const Declaration& declared) {
    Json::Object object;
    object["can_stop"] = texts(declared.can_stop);
    object["approvers"] = texts(declared.approvers);
    if (declared.record) object["record"] = static_cast<std::int64_t>(*declared.record);
    object["environment"] = declared.environment;
    object["executable_sha256"] =
        declared.launched ? Json() : Json(encode::hex(declared.executable));
    object["launched"] = declared.launched;
    object["limits"] = to_json(declared.limits);
    object["triggers"] = declared.triggers;
    object["manifest_keys"] = texts(declared.manifest_keys);
    object["lifetime_s"] = declared.lifetime;
    object["owner"] = declared.owner;
    object["policies"] = to_json(declared.policies);
    object["policy_author"] = declared.policy_author;
    object["sponsor"] = declared.sponsor;
    object["uid"] = declared.launched ? Json() : Json(declared.uid);
    return object;
}

Json::Object head_members(const LedgerHead& head) {
    Json::Object object;
    object["root"] = encode::hex(head.root);
    object["size"] = static_cast<std::int64_t>(head.size);
    return object;
}

Json register_members(const RegisterStatus& status) {
    Json::Object object;
    object["state"] = to_string(status.state);
    object["events"] = static_cast<std::int64_t>(status.events);
    if (status.state != RegisterState::absent)
        object["anchor_pcr"] = std::int64_t{status.anchor_pcr};
    if (!status.reason.empty()) object["reason"] = printable(status.reason);
    return object;
}

Json host_members(const Status::Host& host) {
    Json::Object object;
    object["changed_by"] = host.changed_by;
    object["pending"] = texts(host.pending);
    object["reason"] = host.reason;
    object["state"] = host.state;
    return object;
}

Json token_members(const Status::Token& token) {
    Json::Object object;
    object["algorithms"] = texts(token.algorithms);
    object["custody"] = token.custody;
    object["manufacturer"] = printable(token.manufacturer);
    object["name"] = printable(token.name);
    if (!token.trouble.empty()) object["trouble"] = printable(token.trouble);
    return object;
}

}  // namespace

Result<ApplyRequest> apply_request(std::string_view body) {
    if (body.empty()) return ApplyRequest{};
    return read_request(body, read_apply);
}

Result<ActivateRequest> activate_request(std::string_view body) {
    return read_request(body, read_activate);
}

Json to_json(const Agent& agent) {
    Json::Object object;
    object["algorithm"] = to_string(agent.algorithm);
    object["backend"] = to_string(agent.backend);
    object["changed_by"] = agent.changed_by;
    object["custody"] = agent.custody;
    object["declared"] = agent.declared ? declaration_json(*agent.declared) : Json();
    object["file_sha256"] = encode::hex(agent.file_digest);
    object["fuse"] = to_string(agent.fuse);
    object["fuse_index"] = static_cast<std::int64_t>(agent.fuse_index);
    object["key_id"] = agent.key_id;
    object["key_thumbprint"] = agent.key_thumbprint;
    object["log"] = agent.log;
    object["name"] = agent.name;
    object["pending"] = texts(agent.pending);
    object["rate"] = agent.rate;
    object["reason"] = agent.reason;
    object["spiffe_id"] = agent.spiffe_id;
    object["state"] = agent.state;
    object["token"] = printable(agent.token);
    return object;
}

Json to_json(const std::vector<Agent>& agents) {
    Json::Array list;
    std::transform(agents.begin(), agents.end(), std::back_inserter(list),
                   [](const Agent& agent) { return to_json(agent); });
    Json::Object object;
    object["agents"] = std::move(list);
    return object;
}

Json to_json(const Applied& reply) {
    Json::Array changes;
    for (const Change& change : reply.changes) {
        Json::Object row;
        row["change"] = change.change;
        row["name"] = change.name;
        row["state"] = change.state;
        changes.emplace_back(std::move(row));
    }
    Json::Object object;
    object["changes"] = std::move(changes);
    object["dry_run"] = reply.dry_run;
    object["policies"] = to_json(reply.policies);
    return object;
}

Json to_json(const Status& reply) {
    Json::Object ledger = head_members(reply.ledger);
    ledger["failed"] = reply.ledger_failed;
    Json::Object object;
    object["agents"] = table(reply.agents);
    object["anchor"] = reply.anchor ? to_json(*reply.anchor) : Json();
    object["custody"] = reply.custody;
    object["host"] = host_members(reply.host);
    object["ledger"] = std::move(ledger);
    object["links"] = table(reply.links);
    object["manufacturer"] = printable(reply.manufacturer);
    object["privileges"] = reply.privileges;
    object["protocol"] = table(reply.protocol);
    object["register"] = reply.event_register ? register_members(*reply.event_register) : Json();
    if (reply.token) object["token"] = token_members(*reply.token);
    object["trust_domain"] = reply.trust_domain;
    object["unsettled"] = texts(reply.unsettled);
    object["version"] = reply.version;
    return object;
}

Json to_json(const Head& reply) {
    Json::Object object = head_members(reply.head);
    if (!reply.checkpoint.empty()) object["checkpoint"] = reply.checkpoint;
    if (!reply.key_pem.empty()) object["key_pem"] = reply.key_pem;
    return object;
}

Json to_json(const EnrollHost& reply) {
    Json::Object object;
    object["ak_public"] = encode::base64url(reply.ak_public);
    object["custody"] = reply.custody;
    object["ek_certificates"] = texts(reply.ek_certificates);
    object["ek_public"] = encode::base64url(reply.ek_public);
    object["manufacturer"] = printable(reply.manufacturer);
    object["trust_domain"] = reply.trust_domain;
    return object;
}

Json to_json(const Activated& reply) {
    Json::Object object;
    object["secret"] = encode::base64url(reply.secret);
    return object;
}

}  // namespace holdfast::api
