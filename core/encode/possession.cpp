#include "core/encode/possession.h"

#include "core/encode/base64.h"
#include "core/encode/fields.h"
#include "holdfast/agent_id.h"
#include "holdfast/evidence.h"

namespace holdfast::encode {
namespace {

constexpr std::string_view no_tpm = "none";

}  // namespace

Json to_json(const Possession& possession) {
    Json::Object members;
    members["agent"] = possession.agent;
    members["ak"] = possession.ak ? hex(*possession.ak) : std::string(no_tpm);
    members["challenge"] = hex(possession.challenge);
    members["verifier"] = possession.verifier;
    return {std::move(members)};
}

Result<Possession> possession_from(const Json& json) {
    HOLDFAST_TRY(fields, Fields::of(json, "possession"));
    Possession possession;
    HOLDFAST_TRY(agent, fields.text("agent", max_spiffe_id));
    HOLDFAST_CHECK(parse_agent_id(agent));
    const Json* ak = fields.any("ak");
    const bool none = ak != nullptr && ak->string() != nullptr && *ak->string() == no_tpm;
    if (!none) {
        HOLDFAST_TRY(digest, fields.sha256_hex("ak"));
        possession.ak = digest;
    }
    HOLDFAST_TRY(challenge, fields.sha256_hex("challenge"));
    HOLDFAST_TRY(verifier, fields.text("verifier", max_verifier_id));
    HOLDFAST_CHECK(fields.finish());
    possession.agent = std::move(agent);
    possession.challenge = challenge;
    possession.verifier = std::move(verifier);
    return possession;
}

}  // namespace holdfast::encode
