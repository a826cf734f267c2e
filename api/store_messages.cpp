#include "api/store_messages.h"

#include "api/printable.h"
#include "api/request.h"
#include "core/encode/base64.h"
#include "core/encode/fields.h"

namespace holdfast::api {
namespace {

using encode::Json;

Result<std::string> absolute_path(encode::Fields& fields, std::string_view name) {
    HOLDFAST_TRY(path, fields.text(name, max_store_path));
    // The kernel ends a path at its first NUL.
    if (!path.starts_with('/') || path.find('\0') != std::string::npos)
        return Error(Code::invalid, std::string(name) + ": must be an absolute path");
    return path;
}

Result<StoreImportRequest> read_import(const Json& json) {
    HOLDFAST_TRY(fields, encode::Fields::of(json, "import request"));
    HOLDFAST_TRY(directory, absolute_path(fields, "directory"));
    HOLDFAST_TRY(manifest, absolute_path(fields, "manifest"));
    HOLDFAST_CHECK(fields.finish());
    return StoreImportRequest{std::move(directory), std::move(manifest)};
}

Json stored_json(const StoredManifest& stored) {
    Json::Object object;
    object["bytes"] = stored.bytes;
    object["files"] = stored.files;
    object["imported_at"] = stored.imported_at;
    object["manifest_sha256"] = encode::hex(stored.manifest);
    object["name"] = stored.name;
    object["not_after"] = stored.not_after;
    object["root"] = encode::hex(stored.root);
    object["version"] = stored.version;
    return object;
}

Json difference_json(const StoreDifference& difference) {
    Json::Object object;
    object["path"] = printable(difference.path);
    object["what"] = printable(difference.what);
    return object;
}

}  // namespace

Result<StoreImportRequest> store_import_request(std::string_view body) {
    return read_request(body, read_import);
}

Json to_json(const StoreImported& reply) {
    Json::Object object;
    object["bytes"] = reply.bytes;
    object["files"] = reply.files;
    object["manifest_sha256"] = encode::hex(reply.manifest);
    object["reused"] = reply.reused;
    object["root"] = encode::hex(reply.root);
    object["verity"] = reply.verity ? "on" : "unavailable";
    return object;
}

Json to_json(const std::vector<StoredManifest>& manifests) {
    Json::Array list;
    for (const auto& stored : manifests)
        list.push_back(stored_json(stored));
    Json::Object object;
    object["manifests"] = std::move(list);
    return object;
}

Json to_json(const StoreCollected& reply) {
    Json::Object object;
    object["bytes"] = reply.bytes;
    object["manifests"] = reply.manifests;
    object["objects"] = reply.objects;
    object["views"] = reply.views;
    return object;
}

Json to_json(const StoreChecked& reply) {
    Json::Array differences;
    for (const auto& difference : reply.differences)
        differences.push_back(difference_json(difference));
    Json::Object object;
    object["bytes"] = reply.bytes;
    object["differences"] = std::move(differences);
    object["differing"] = reply.differing;
    object["manifests"] = reply.manifests;
    object["objects"] = reply.objects;
    object["unneeded"] = reply.unneeded;
    object["unread"] = reply.unread;
    object["views"] = reply.views;
    return object;
}

}  // namespace holdfast::api
