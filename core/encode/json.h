// Strict JSON in, canonical JSON (RFC 8785) out. Integers within ±(2^53−1) only.
#ifndef HOLDFAST_CORE_ENCODE_JSON_H
#define HOLDFAST_CORE_ENCODE_JSON_H

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "holdfast/result.h"

namespace holdfast::encode {

class Json {
  public:
    using Array = std::vector<Json>;
    using Object = std::map<std::string, Json, std::less<>>;

    Json() = default;  // null
    // Copies go as deep as the value, so they are defined once, in json.cpp.
    Json(const Json& other);
    Json& operator=(const Json& other);
    Json(Json&&) noexcept = default;
    Json& operator=(Json&&) noexcept = default;
    ~Json() = default;

    // NOLINTBEGIN(google-explicit-constructor): so that an Object literal reads as JSON does.
    Json(bool value) : value_(value) {}
    Json(int value) : value_(static_cast<std::int64_t>(value)) {}
    Json(std::int64_t value) : value_(value) {}
    Json(std::string value) : value_(std::move(value)) {}
    Json(std::string_view value) : value_(std::string(value)) {}
    Json(const char* value) : value_(std::string(value)) {}
    Json(Array value) : value_(std::move(value)) {}
    Json(Object value) : value_(std::move(value)) {}
    // NOLINTEND(google-explicit-constructor)

    // Null when this holds something else.
    const bool* boolean() const noexcept { return std::get_if<bool>(&value_); }
    const std::int64_t* integer() const noexcept { return std::get_if<std::int64_t>(&value_); }
    const std::string* string() const noexcept { return std::get_if<std::string>(&value_); }
    const Array* array() const noexcept { return std::get_if<Array>(&value_); }
    const Object* object() const noexcept { return std::get_if<Object>(&value_); }
    bool is_null() const noexcept { return std::holds_alternative<std::monostate>(value_); }

    // The member of that name; null when there is none or this is no object.
    const Json* find(std::string_view name) const noexcept;

    friend bool operator==(const Json&, const Json&) = default;

  private:
    std::variant<std::monostate, bool, std::int64_t, std::string, Array, Object> value_;
};

inline constexpr std::int64_t max_json_integer = 9007199254740991;  // 2^53 − 1, RFC 8259 §6
inline constexpr std::size_t max_json_depth = 16;
inline constexpr std::size_t max_request_body = 64UL * 1024;

// Refuses: duplicate member names, invalid UTF-8, lone surrogates, fractions and exponents, -0,
// integers out of range, trailing bytes, more than max_json_depth levels, more than max_bytes. A
// value takes up to 30 times the memory its text took: where max_bytes is large and few values are
// expected, say how many.
Result<Json> parse_json(std::string_view text, std::size_t max_bytes = max_request_body,
                        std::size_t max_values = std::size_t(-1));

// RFC 8785: members ordered by UTF-16 code units, shortest escapes, no white space.
std::string canonical(const Json& value);

}  // namespace holdfast::encode

#endif  // HOLDFAST_CORE_ENCODE_JSON_H
