#include "api/messages.h"

#include "api/printable.h"
#include "api/request.h"
#include "core/encode/base64.h"
#include "core/encode/fields.h"
#include "core/encode/statement.h"
#include "holdfast/agent_id.h"

namespace holdfast::api {
namespace {

using encode::Json;

Result<ActionRequest> read_action(const Json& json) {
    HOLDFAST_TRY(fields, encode::Fields::of(json, "action request"));
    HOLDFAST_TRY(action, encode::action_from(fields));
    HOLDFAST_TRY(approval, fields.text_or("approval", "", max_agent_name));
    HOLDFAST_CHECK(fields.finish());
    return ActionRequest{std::move(action), std::move(approval)};
}

Result<EvidenceRequest> read_evidence(const Json& json) {
    HOLDFAST_TRY(fields, encode::Fields::of(json, "evidence request"));
    EvidenceRequest request;
    HOLDFAST_TRY(nonce, fields.base64url("nonce", max_nonce));
    HOLDFAST_TRY(verifier, fields.text("verifier", max_verifier_id));
    HOLDFAST_CHECK(fields.finish());
    if (nonce.size() < min_nonce)
        return Error(Code::invalid,
                     "nonce: must be at least " + std::to_string(min_nonce) + " bytes");
    if (verifier.empty()) return Error(Code::invalid, "verifier: must not be empty");
    request.nonce = std::move(nonce);
    request.verifier = std::move(verifier);
    return request;
}

Done read_empty(const Json& json) {
    HOLDFAST_TRY(fields, encode::Fields::of(json, "request"));
    return fields.finish();
}

Json file_json(const MeasuredFile& file) {
    Json::Object object;
    object["path"] = printable(file.path);
    object["sha256"] = encode::hex(file.digest);
    return object;
}

}  // namespace

Result<ActionRequest> action_request(std::string_view body) {
    return read_request(body, read_action);
}

Result<EvidenceRequest> evidence_request(std::string_view body) {
    return read_request(body, read_evidence);
}

Done empty_request(std::string_view body) {
    if (body.empty()) return done();
    return read_request(body, read_empty);
}

Json to_json(const Measurement& measurement) {
    Json::Array mappings;
    for (const MeasuredFile& file : measurement.mappings)
        mappings.push_back(file_json(file));
    Json::Object object;
    object["assurance"] = to_string(measurement.assurance);
    object["digest"] = encode::hex(measurement.digest);
    object["executable"] = file_json(measurement.executable);
    object["mappings"] = std::move(mappings);
    return object;
}

Json to_json(const WhoAmI& reply) {
    Json::Array notes(reply.notes.begin(), reply.notes.end());
    Json::Object object;
    object["agent"] = reply.agent;
    object["custody"] = to_string(reply.custody);
    object["fuse"] = to_string(reply.fuse);
    object["instance"] = reply.instance;
    object["key_thumbprint"] = reply.key_thumbprint;
    object["measurement"] = to_json(reply.measurement);
    object["notes"] = std::move(notes);
    object["sponsor"] = reply.sponsor;
    object["state"] = reply.state;
    return object;
}

Json to_json(const Credential& reply) {
    Json::Object object;
    object["chain_pem"] = reply.chain_pem;
    object["not_after"] = reply.not_after;
    object["renew_after"] = reply.renew_after;
    object["serial"] = reply.serial;
    object["spiffe_id"] = reply.spiffe_id;
    return object;
}

Json to_json(const Signed& reply) {
    Json::Object object;
    object["jws"] = reply.jws;
    object["rules"] = Json::Array(reply.rules.begin(), reply.rules.end());
    object["sequence"] = static_cast<std::int64_t>(reply.sequence);
    return object;
}

}  // namespace holdfast::api
