#include "core/encode/dsse.h"

#include "core/encode/base64.h"
#include "core/encode/fields.h"

namespace holdfast::encode {
namespace {

// Three members and the envelope itself; each signature is an object of two.
constexpr std::size_t max_values = 4 + 3 * max_dsse_signatures;

Error wrong(std::string_view why) {
    return {Code::invalid, "dsse: " + std::string(why)};
}

// Payloads have megabytes: read where they are, not copied first.
Result<Bytes> base64_member(Fields& fields, std::string_view name) {
    const Json* value = fields.any(name);
    if (value == nullptr || value->string() == nullptr)
        return wrong(std::string(name) + " must be a string of base64");
    auto bytes = from_base64(*value->string());
    if (!bytes) return std::move(bytes).error().within("dsse: " + std::string(name));
    return bytes;
}

Result<DsseSignature> signature_of(const Json& json) {
    HOLDFAST_TRY(fields, Fields::of(json, "signatures[]"));
    HOLDFAST_TRY(key_id, fields.text_or("keyid", "", max_dsse_key_id));
    HOLDFAST_TRY(signature, base64_member(fields, "sig"));
    HOLDFAST_CHECK(fields.finish());
    if (signature.empty() || signature.size() > max_dsse_signature)
        return wrong("a signature has 1 to 16384 bytes");
    return DsseSignature{std::move(key_id), std::move(signature)};
}

Result<std::vector<DsseSignature>> signatures_of(const Json::Array& array) {
    if (array.empty() || array.size() > max_dsse_signatures)
        return wrong("there must be 1 to 16 signatures");
    std::vector<DsseSignature> signatures;
    for (const Json& each : array) {
        HOLDFAST_TRY(signature, signature_of(each));
        signatures.push_back(std::move(signature));
    }
    return signatures;
}

}  // namespace

Result<Dsse> parse_dsse(std::string_view json, std::size_t max_bytes) {
    HOLDFAST_TRY(value, parse_json(json, max_bytes, max_values));
    HOLDFAST_TRY(fields, Fields::of(value, "dsse"));
    HOLDFAST_TRY(type, fields.text("payloadType", max_dsse_payload_type));
    HOLDFAST_TRY(payload, base64_member(fields, "payload"));
    HOLDFAST_TRY(array, fields.array("signatures"));
    HOLDFAST_TRY(signatures, signatures_of(*array->array()));
    HOLDFAST_CHECK(fields.finish());
    return Dsse{std::move(type), std::move(payload), std::move(signatures)};
}

std::string to_json(const Dsse& envelope) {
    Json::Array signatures;
    for (const DsseSignature& each : envelope.signatures)
        signatures.emplace_back(
            Json::Object{{"keyid", each.key_id}, {"sig", base64(each.signature)}});
    return canonical(Json::Object{{"payload", base64(envelope.payload)},
                                  {"payloadType", envelope.payload_type},
                                  {"signatures", std::move(signatures)}});
}

Bytes dsse_signed_bytes(std::string_view payload_type, ByteView payload) {
    const std::string head = "DSSEv1 " + std::to_string(payload_type.size()) + " " +
                             std::string(payload_type) + " " + std::to_string(payload.size()) + " ";
    Bytes bytes;
    bytes.reserve(head.size() + payload.size());
    bytes.insert(bytes.end(), head.begin(), head.end());
    bytes.insert(bytes.end(), payload.begin(), payload.end());
    return bytes;
}

}  // namespace holdfast::encode
