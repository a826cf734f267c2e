// What travels to and from the importer: requests, what came of them, and the source's files.
#ifndef HOLDFAST_DAEMON_LINK_CODEC_STORE_H
#define HOLDFAST_DAEMON_LINK_CODEC_STORE_H

#include <sys/types.h>

#include <string>
#include <vector>

#include "attest/store/check.h"
#include "attest/store/collect.h"
#include "attest/store/import.h"
#include "attest/store/source.h"
#include "attest/store/store.h"
#include "daemon/link/codec.h"
#include "daemon/link/messages.h"

namespace holdfast::daemon {

inline constexpr std::size_t max_store_path = 4095;  // PATH_MAX without its zero
inline constexpr std::size_t max_operator_groups = 1024;
inline constexpr std::size_t max_kept = 1024;          // manifests in use at once
inline constexpr std::size_t max_listing_piece = 512;  // entries; within max_reply

// ── launcher → importer ─────────────────────────────────────────────────────────────────────────

// Who asked; files are opened as nobody else.
struct Reader {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;  // supplementary
    friend bool operator==(const Reader&, const Reader&) = default;
};

// Absolute paths without NUL.
struct ImportRequest {
    std::string store;
    std::string source;    // directory
    std::string manifest;  // file
    Reader reader;
};
Bytes encode(const ImportRequest& request);
Result<ImportRequest> decode_import(ByteView payload);
Bytes encode(const attest::Imported& imported);
Result<attest::Imported> decode_imported(ByteView payload);

struct CollectRequest {
    std::string store;
    std::vector<Sha256> keep;  // digests of manifests
};
Bytes encode(const CollectRequest& request);
Result<CollectRequest> decode_collect(ByteView payload);
Bytes encode(const attest::Collected& collected);
Result<attest::Collected> decode_collected(ByteView payload);

// list_store, check_store: the store's directory.
Bytes encode_store(std::string_view directory);
Result<std::string> decode_store(ByteView payload);
Bytes encode(const std::vector<attest::StoredManifest>& manifests);
Result<std::vector<attest::StoredManifest>> decode_stored(ByteView payload);
Bytes encode(const attest::CheckReport& report);
Result<attest::CheckReport> decode_check(ByteView payload);

// ── importer → its reading half, which runs as the operator ─────────────────────────────────────

// list_source: entries from this number on, at most max_listing_piece; none when that was all.
Bytes encode_listing_from(std::uint64_t first);
Result<std::uint64_t> decode_listing_from(ByteView payload);
Bytes encode(const std::vector<attest::SourceEntry>& entries);
Result<std::vector<attest::SourceEntry>> decode_listing(ByteView payload);

struct OpenRequest {
    std::uint64_t first = 0;
    std::uint32_t count = 0;
};
Bytes encode(const OpenRequest& request);
Result<OpenRequest> decode_open(ByteView payload);

// The body says which files; their descriptors in order, and an errno for who has none.
Reply encode(attest::OpenedFiles opened);
Result<attest::OpenedFiles> decode_opened(Reply reply);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LINK_CODEC_STORE_H
