#include "api/policy_messages.h"

#include "core/encode/base64.h"

namespace holdfast::api {
namespace {

using encode::Json;

Json text_or_null(const std::string& text) {
    return text.empty() ? Json() : Json(text);
}

}  // namespace

Json to_json(const std::vector<PolicyChange>& changes) {
    Json::Array array;
    for (const PolicyChange& change : changes) {
        Json::Object row;
        row["author"] = text_or_null(change.author);
        row["change"] = change.change;
        row["mode"] = text_or_null(change.mode);
        row["set"] = change.set;
        row["version"] = change.version;
        array.emplace_back(std::move(row));
    }
    return array;
}

Json to_json(const std::vector<PolicySetInForce>& sets) {
    Json::Array array;
    for (const PolicySetInForce& set : sets) {
        Json::Object row;
        row["author"] = text_or_null(set.author);
        row["author_key"] = text_or_null(set.author_key);
        row["file_sha256"] = encode::hex(set.digest);
        row["mode"] = set.mode;
        row["permits"] = set.permits;
        row["policies"] = static_cast<std::int64_t>(set.policies);
        row["set"] = set.set;
        row["version"] = set.version;
        array.emplace_back(std::move(row));
    }
    Json::Object object;
    object["policies"] = std::move(array);
    return object;
}

Json to_json(const std::vector<PolicySource>& sources) {
    Json::Array array;
    for (const PolicySource& source : sources) {
        Json::Object row;
        row["author"] = text_or_null(source.author);
        row["set"] = source.set;
        row["version"] = source.version;
        array.emplace_back(std::move(row));
    }
    return array;
}

}  // namespace holdfast::api
