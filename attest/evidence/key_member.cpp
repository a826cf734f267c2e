#include "attest/evidence/key_member.h"

#include "attest/evidence/members.h"
#include "attest/evidence/numbers.h"
#include "core/encode/base64.h"
#include "core/encode/fields.h"

namespace holdfast::attest {
namespace {

using encode::Fields;
using encode::Json;

constexpr std::size_t max_id = 128;
constexpr std::size_t max_agent = 64;
constexpr std::size_t max_word = 16;
constexpr std::size_t max_token = 64;  // CK_TOKEN_INFO.serialNumber has 16 (PKCS#11 3.0, 3.2)

Error wrong(std::string_view member, std::string_view why) {
    return {Code::invalid, "evidence.key." + std::string(member) + ": " + std::string(why)};
}

Json fuse_json(const Fuse& fuse) {
    return Json::Object{
        {"kind", to_string(fuse.kind)},
        {"index", std::int64_t{fuse.nv_index}},
        {"value", hex_of(fuse.value)},
        {"nv_public", encode::base64url(fuse.nv_public)},
    };
}

Json::Object common_json(const KeyDescription& key) {
    return {
        {"id", key.id},
        {"agent", key.agent},
        {"purpose", to_string(key.purpose)},
        {"spki", encode::base64url(key.spki)},
    };
}

Result<Fuse> read_fuse(Fields& key, std::string_view name) {
    HOLDFAST_TRY(json, key.object(name));
    HOLDFAST_TRY(fields, Fields::of(*json, "evidence.key." + std::string(name)));
    Fuse fuse;
    HOLDFAST_TRY(kind, fields.text("kind", max_word));
    HOLDFAST_TRY(parsed, parse_fuse_kind(kind));
    if (parsed == FuseKind::object) return wrong(name, "of a token's kind, in a TPM");
    fuse.kind = parsed;
    HOLDFAST_TRY(index, fields.integer("index", 0, 0xFFFFFFFF));
    fuse.nv_index = static_cast<std::uint32_t>(index);
    HOLDFAST_TRY(value, number_from_hex(fields, "value"));
    fuse.value = value;
    HOLDFAST_TRY(nv_public, fields.base64url("nv_public", max_structure));
    fuse.nv_public = std::move(nv_public);
    HOLDFAST_CHECK(fields.finish());
    return fuse;
}

Result<KeyDescription> read_common(Fields& fields) {
    KeyDescription key;
    HOLDFAST_TRY(id, fields.text("id", max_id));
    HOLDFAST_TRY(agent, fields.text("agent", max_agent));
    HOLDFAST_TRY(purpose_text, fields.text("purpose", max_word));
    HOLDFAST_TRY(purpose, parse_purpose(purpose_text));
    HOLDFAST_TRY(spki, fields.base64url("spki", max_structure));
    key.id = std::move(id);
    key.agent = std::move(agent);
    key.purpose = purpose;
    key.spki = std::move(spki);
    return key;
}

Done read_in_tpm(Fields& fields, KeyDescription& key) {
    HOLDFAST_TRY(tpm_public, fields.base64url("public", max_structure));
    HOLDFAST_TRY(name, fields.base64url("name", max_structure));
    HOLDFAST_TRY(agent_fuse, read_fuse(fields, "agent_fuse"));
    HOLDFAST_TRY(host_fuse, read_fuse(fields, "host_fuse"));
    key.tpm_public = std::move(tpm_public);
    key.name = std::move(name);
    key.agent_fuse = std::move(agent_fuse);
    key.host_fuse = std::move(host_fuse);
    return done();
}

bool tokens_have(Custody custody) noexcept {
    return custody == Custody::hsm || custody == Custody::software_hsm ||
           custody == Custody::unproven;
}

Done read_in_token(Fields& fields, KeyDescription& key) {
    HOLDFAST_TRY(backend, fields.text("backend", max_word));
    if (backend != to_string(Backend::pkcs11)) return wrong("backend", "must be pkcs11");
    if (key.purpose != Purpose::action) return wrong("purpose", "must be action");
    HOLDFAST_TRY(algorithm_text, fields.text("algorithm", max_word));
    HOLDFAST_TRY(algorithm, parse_key_algorithm(algorithm_text));
    HOLDFAST_TRY(custody_text, fields.text("custody", max_word));
    HOLDFAST_TRY(custody, parse_custody(custody_text));
    if (!tokens_have(custody)) return wrong("custody", "not one that a token's key has");
    HOLDFAST_TRY(token, fields.text("token", max_token));
    key.backend = Backend::pkcs11;
    key.algorithm = algorithm;
    key.custody = custody;
    key.token = std::move(token);
    key.agent_fuse.kind = key.host_fuse.kind = FuseKind::object;
    return done();
}

}  // namespace

Json::Object key_json(const KeyDescription& key) {
    Json::Object json = common_json(key);
    if (key.backend == Backend::tpm) {
        json["public"] = encode::base64url(key.tpm_public);
        json["name"] = encode::base64url(key.name);
        json["agent_fuse"] = fuse_json(key.agent_fuse);
        json["host_fuse"] = fuse_json(key.host_fuse);
        return json;
    }
    json["backend"] = to_string(key.backend);
    json["algorithm"] = to_string(key.algorithm);
    json["custody"] = to_string(key.custody);
    json["token"] = key.token;
    return json;
}

Result<KeyDescription> key_from(const Json& json) {
    HOLDFAST_TRY(fields, Fields::of(json, "evidence.key"));
    HOLDFAST_TRY(key, read_common(fields));
    const bool in_token = json.find("backend") != nullptr;
    HOLDFAST_CHECK(in_token ? read_in_token(fields, key) : read_in_tpm(fields, key));
    HOLDFAST_CHECK(fields.finish());
    return key;
}

}  // namespace holdfast::attest
