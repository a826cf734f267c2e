// Fields: reads one JSON object member by member, and refuses what nobody asked for.
#ifndef HOLDFAST_CORE_ENCODE_FIELDS_H
#define HOLDFAST_CORE_ENCODE_FIELDS_H

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "core/encode/json.h"
#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::encode {

// Every error is Code::invalid and names the member: "audience: must be a string".
class Fields {
  public:
    // The object must outlive this. `where` prefixes errors ("evidence.tpm").
    static Result<Fields> of(const Json& value, std::string where);

    Result<std::string> text(std::string_view name, std::size_t max_bytes);
    Result<std::string> text_or(std::string_view name, std::string fallback, std::size_t max_bytes);
    Result<std::int64_t> integer(std::string_view name, std::int64_t low, std::int64_t high);
    Result<bool> boolean_or(std::string_view name, bool fallback);
    Result<Bytes> base64url(std::string_view name, std::size_t max_bytes);
    Result<Sha256> sha256_hex(std::string_view name);
    Result<const Json*> object(std::string_view name);
    Result<const Json*> array(std::string_view name);
    const Json* any(std::string_view name);  // null when absent

    // Error if the object has members that were never asked for.
    Done finish() const;

  private:
    Fields(const Json::Object& object, std::string where)
        : object_(&object), where_(std::move(where)) {}
    Error wrong(std::string_view name, std::string_view what) const;
    Result<const Json*> required(std::string_view name);

    const Json::Object* object_;
    std::string where_;
    std::set<std::string, std::less<>> asked_;
};

}  // namespace holdfast::encode

#endif  // HOLDFAST_CORE_ENCODE_FIELDS_H
