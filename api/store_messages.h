// The store on the admin socket: one struct per request and reply, and their JSON.
#ifndef HOLDFAST_API_STORE_MESSAGES_H
#define HOLDFAST_API_STORE_MESSAGES_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/encode/json.h"
#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::api {

inline constexpr std::size_t max_store_path = 4095;  // PATH_MAX without its zero

// POST /v1/store/import. Both absolute, as the caller's own file system names them; read with the
// caller's rights.
struct StoreImportRequest {
    std::string directory;
    std::string manifest;  // a file
};
Result<StoreImportRequest> store_import_request(std::string_view body);

struct StoreImported {
    Sha256 manifest{};
    Sha256 root{};
    std::int64_t files = 0, bytes = 0;
    std::int64_t reused = 0;  // files whose object was there before
    bool verity = false;
};
encode::Json to_json(const StoreImported& reply);

// GET /v1/store.
struct StoredManifest {
    std::string name;
    std::int64_t version = 0;
    Sha256 manifest{};
    Sha256 root{};
    std::int64_t files = 0, bytes = 0;
    std::int64_t imported_at = 0, not_after = 0;  // Unix seconds
};
encode::Json to_json(const std::vector<StoredManifest>& manifests);

// POST /v1/store/collect, an empty body or {}: what is in use the daemon knows itself.
struct StoreCollected {
    std::int64_t manifests = 0, views = 0, objects = 0, bytes = 0;
};
encode::Json to_json(const StoreCollected& reply);

// POST /v1/store/check, an empty body or {}.
struct StoreDifference {
    std::string path;  // below the store
    std::string what;
};
struct StoreChecked {
    std::int64_t manifests = 0, views = 0, objects = 0, bytes = 0;
    std::int64_t unneeded = 0;                 // collecting would remove them
    std::int64_t unread = 0;                   // without root, execute-only files cannot be read
    std::int64_t differing = 0;                // all of them
    std::vector<StoreDifference> differences;  // the first thousand
};
encode::Json to_json(const StoreChecked& reply);

}  // namespace holdfast::api

#endif  // HOLDFAST_API_STORE_MESSAGES_H
