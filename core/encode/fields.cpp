#include "core/encode/fields.h"

#include "core/encode/base64.h"

namespace holdfast::encode {
namespace {

// Names come from whoever wrote the JSON: quoted, escaped and cut before they reach an operator.
std::string quoted(std::string_view name) {
    constexpr std::size_t max_shown = 64;
    return canonical(Json(name.substr(0, max_shown)));
}

}  // namespace

Result<Fields> Fields::of(const Json& value, std::string where) {
    if (const Json::Object* object = value.object()) return Fields(*object, std::move(where));
    const std::string prefix = where.empty() ? "" : where + ": ";
    return Error(Code::invalid, prefix + "must be an object");
}

Error Fields::wrong(std::string_view name, std::string_view what) const {
    std::string text = where_.empty() ? "" : where_ + ".";
    text.append(name).append(": ").append(what);
    return {Code::invalid, std::move(text)};
}

const Json* Fields::any(std::string_view name) {
    asked_.emplace(name);
    const auto member = object_->find(name);
    return member == object_->end() ? nullptr : &member->second;
}

Result<const Json*> Fields::required(std::string_view name) {
    const Json* value = any(name);
    if (value == nullptr) return wrong(name, "is missing");
    return value;
}

Result<std::string> Fields::text(std::string_view name, std::size_t max_bytes) {
    HOLDFAST_TRY(value, required(name));
    const std::string* string = value->string();
    if (string == nullptr) return wrong(name, "must be a string");
    if (string->size() > max_bytes)
        return wrong(name, "longer than " + std::to_string(max_bytes) + " bytes");
    return *string;
}

Result<std::string> Fields::text_or(std::string_view name, std::string fallback,
                                    std::size_t max_bytes) {
    if (any(name) == nullptr) return fallback;
    return text(name, max_bytes);
}

Result<std::int64_t> Fields::integer(std::string_view name, std::int64_t low, std::int64_t high) {
    HOLDFAST_TRY(value, required(name));
    const std::int64_t* integer = value->integer();
    if (integer == nullptr) return wrong(name, "must be an integer");
    if (*integer < low || *integer > high)
        return wrong(name, "must be from " + std::to_string(low) + " to " + std::to_string(high));
    return *integer;
}

Result<bool> Fields::boolean_or(std::string_view name, bool fallback) {
    const Json* value = any(name);
    if (value == nullptr) return fallback;
    if (value->boolean() == nullptr) return wrong(name, "must be true or false");
    return *value->boolean();
}

Result<Bytes> Fields::base64url(std::string_view name, std::size_t max_bytes) {
    HOLDFAST_TRY(value, required(name));
    if (value->string() == nullptr) return wrong(name, "must be a string of base64url");
    auto bytes = from_base64url(*value->string());
    if (!bytes) return wrong(name, bytes.error().text());
    if (bytes->size() > max_bytes)
        return wrong(name, "more than " + std::to_string(max_bytes) + " bytes");
    return bytes;
}

Result<Sha256> Fields::sha256_hex(std::string_view name) {
    HOLDFAST_TRY(value, required(name));
    if (value->string() == nullptr) return wrong(name, "must be a string of hex");
    auto digest = sha256_from_hex(*value->string());
    if (!digest) return wrong(name, digest.error().text());
    return digest;
}

Result<const Json*> Fields::object(std::string_view name) {
    HOLDFAST_TRY(value, required(name));
    if (value->object() == nullptr) return wrong(name, "must be an object");
    return value;
}

Result<const Json*> Fields::array(std::string_view name) {
    HOLDFAST_TRY(value, required(name));
    if (value->array() == nullptr) return wrong(name, "must be an array");
    return value;
}

Done Fields::finish() const {
    for (const auto& [name, value] : *object_) {
        if (asked_.contains(name)) continue;
        const std::string prefix = where_.empty() ? "" : where_ + ": ";
        return Error(Code::invalid, prefix + "unknown member " + quoted(name));
    }
    return done();
}

}  // namespace holdfast::encode
