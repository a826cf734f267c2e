#include "core/encode/possession.h"

#include "core/encode/base64.h"
#include "core/encode/fields.h"
#include "holdfast/agent_id.h"
#include "holdfast/evidence.h"

namespace holdfast::encode {
namespace {

constexpr std::size_t max_word = 32;
constexpr std::string_view no_tpm = "none";

Result<std::optional<Sha256>> ak_in(Fields& fields) {
    const Json* ak = fields.any("ak");
    if (ak != nullptr && ak->string() != nullptr && *ak->string() == no_tpm)
        return std::optional<Sha256>();
    HOLDFAST_TRY(digest, fields.sha256_hex("ak"));
    return std::optional(digest);
}

}  // namespace

Json to_json(const Possession& possession) {
    Json::Object members;
    members["agent"] = possession.agent;
    members["ak"] = possession.ak ? hex(*possession.ak) : std::string(no_tpm);
    members["challenge"] = hex(possession.challenge);
    members["custody"] = to_string(possession.custody);
    members["verifier"] = possession.verifier;
    return {std::move(members)};
}

Result<Possession> possession_from(const Json& json) {
    HOLDFAST_TRY(fields, Fields::of(json, "possession"));
    HOLDFAST_TRY(agent, fields.text("agent", max_spiffe_id));
    HOLDFAST_CHECK(parse_agent_id(agent));
    HOLDFAST_TRY(ak, ak_in(fields));
    HOLDFAST_TRY(challenge, fields.sha256_hex("challenge"));
    HOLDFAST_TRY(custody_text, fields.text("custody", max_word));
    HOLDFAST_TRY(custody, parse_custody(custody_text));
    HOLDFAST_TRY(verifier, fields.text("verifier", max_verifier_id));
    HOLDFAST_CHECK(fields.finish());
    return Possession{.agent = std::move(agent),
                      .ak = ak,
                      .challenge = challenge,
                      .custody = custody,
                      .verifier = std::move(verifier)};
}

}  // namespace holdfast::encode
