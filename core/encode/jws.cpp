#include "core/encode/jws.h"

#include "core/encode/base64.h"
#include "core/encode/fields.h"
#include "holdfast/custody.h"

namespace holdfast::encode {
namespace {

constexpr std::size_t max_typ = 64;
constexpr std::size_t thumbprint_size = 43;  // base64url of a SHA-256
constexpr std::size_t max_chain = 4;

Error wrong(std::string_view why) {
    return {Code::invalid, "jws: " + std::string(why)};
}

Done check_alg(std::string_view alg) {
    for (const KeyAlgorithm known : key_algorithms)
        if (jws_alg(known) == alg) return done();
    return wrong("alg must be ES256, ES384, EdDSA, PS256 or RS256");
}

// PS256 and RS256 leave the size to the key: both are let through.
Done check_signature_size(std::string_view alg, std::size_t size) {
    for (const KeyAlgorithm known : key_algorithms)
        if (jws_alg(known) == alg && signature_size(known) == size) return done();
    return wrong("signature of " + std::to_string(size) + " bytes is not one of " +
                 std::string(alg));
}

// One text per value: whoever signs or checks these bytes can build the same bytes again.
Result<Json> canonical_part(std::string_view part, std::string_view which) {
    auto bytes = from_base64url(part);
    if (!bytes) return std::move(bytes).error().within("jws: " + std::string(which));
    const std::string_view text = text_of(*bytes);
    auto json = parse_json(text, max_jws);
    if (!json) return std::move(json).error().within("jws: " + std::string(which));
    if (canonical(*json) != text) return wrong(std::string(which) + " is not canonical JSON");
    return json;
}

Result<std::vector<Bytes>> chain_from(const Json& x5c) {
    const Json::Array& entries = *x5c.array();
    if (entries.size() > max_chain) return wrong("x5c: too many certificates");
    std::vector<Bytes> chain;
    for (const Json& entry : entries) {
        if (entry.string() == nullptr) return wrong("x5c: must hold strings");
        HOLDFAST_TRY(der, from_base64(*entry.string()));
        chain.push_back(std::move(der));
    }
    return chain;
}

Result<JwsHeader> header_from(const Json& json) {
    HOLDFAST_TRY(fields, Fields::of(json, "jws header"));
    HOLDFAST_TRY(alg, fields.text("alg", max_typ));
    HOLDFAST_CHECK(check_alg(alg));
    JwsHeader header;
    HOLDFAST_TRY(typ, fields.text("typ", max_typ));
    HOLDFAST_TRY(kid, fields.text("kid", thumbprint_size));
    HOLDFAST_TRY(x5c, fields.array("x5c"));
    HOLDFAST_CHECK(fields.finish());
    HOLDFAST_TRY(chain, chain_from(*x5c));
    header.alg = std::move(alg);
    header.typ = std::move(typ);
    header.kid = std::move(kid);
    header.x5c = std::move(chain);
    return header;
}

}  // namespace

std::string signing_input(const JwsHeader& header, const Json& payload) {
    Json::Array chain;
    for (const Bytes& certificate : header.x5c)
        chain.emplace_back(base64(certificate));
    const Json::Object members{
        {"alg", header.alg}, {"kid", header.kid}, {"typ", header.typ}, {"x5c", std::move(chain)}};
    return base64url(view_of(canonical(Json(members)))) + "." +
           base64url(view_of(canonical(payload)));
}

std::string compact(std::string_view signing_input, ByteView raw_signature) {
    return std::string(signing_input) + "." + base64url(raw_signature);
}

Result<SigningParts> signing_parts(std::string_view text) {
    if (text.size() > max_jws) return wrong("more than " + std::to_string(max_jws) + " bytes");
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos) return wrong("must have a header and a payload");
    // A second dot is outside the base64url alphabet, so the payload's decoder refuses it.
    return SigningParts{text.substr(0, dot), text.substr(dot + 1)};
}

Result<JwsHeader> parse_jws_header(std::string_view part) {
    HOLDFAST_TRY(json, canonical_part(part, "header"));
    return header_from(json);
}

Result<Json> parse_jws_payload(std::string_view part) {
    return canonical_part(part, "payload");
}

Result<Jws> parse_signing_input(std::string_view text) {
    HOLDFAST_TRY(parts, signing_parts(text));
    HOLDFAST_TRY(header, parse_jws_header(parts.header));
    HOLDFAST_TRY(payload, parse_jws_payload(parts.payload));
    return Jws{std::move(header), std::move(payload), std::string(text), {}};
}

Result<Jws> parse_jws(std::string_view text) {
    if (text.size() > max_jws) return wrong("more than " + std::to_string(max_jws) + " bytes");
    const std::size_t last = text.rfind('.');
    if (last == std::string_view::npos) return wrong("must have three parts");
    HOLDFAST_TRY(jws, parse_signing_input(text.substr(0, last)));
    auto signature = from_base64url(text.substr(last + 1));
    if (!signature) return std::move(signature).error().within("jws: signature");
    HOLDFAST_CHECK(check_signature_size(jws.header.alg, signature->size()));
    jws.signature = *std::move(signature);
    return jws;
}

}  // namespace holdfast::encode
