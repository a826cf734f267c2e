#include "daemon/link/codec_store.h"

#include <utility>

#include "attest/store/layout.h"
#include "daemon/link/payload.h"

namespace holdfast::daemon {
namespace {

using payload::get_all;
using payload::get_sha256;
using payload::get_text;
using payload::malformed;
using payload::whole;

constexpr std::size_t max_name = 255;
constexpr std::size_t max_shown_path = 2 * attest::max_tree_path;  // with what stands before it
constexpr std::size_t max_said = 1024;

// The kernel ends a path at its first NUL; checked and opened must be the same.
Result<std::string> get_path(PayloadReader& in) {
    HOLDFAST_TRY(path, get_text(in, max_store_path));
    if (!path.starts_with('/') || path.find('\0') != std::string::npos) return malformed("path");
    return path;
}

Result<Reader> get_reader(PayloadReader& in) {
    Reader reader;
    HOLDFAST_TRY(uid, in.u32());
    HOLDFAST_TRY(gid, in.u32());
    reader.uid = uid;
    reader.gid = gid;
    // To setresuid(2) this says "leave it as it is".
    if (uid == static_cast<uid_t>(-1) || gid == static_cast<gid_t>(-1)) return malformed("uid");
    HOLDFAST_TRY(groups, get_all<gid_t>(in, max_operator_groups,
                                        [](PayloadReader& from) { return from.u32(); }));
    reader.groups = std::move(groups);
    return reader;
}

void put_manifest(PayloadWriter& out, const attest::StoredManifest& stored) {
    out.text(stored.name).u64(static_cast<std::uint64_t>(stored.version));
    out.u64(static_cast<std::uint64_t>(stored.not_after)).bytes(stored.digest).bytes(stored.root);
    out.u64(stored.files).u64(stored.bytes).u64(static_cast<std::uint64_t>(stored.imported));
}

Result<attest::StoredManifest> get_manifest(PayloadReader& in) {
    attest::StoredManifest stored;
    HOLDFAST_TRY(name, get_text(in, max_name));
    HOLDFAST_TRY(version, in.u64());
    HOLDFAST_TRY(not_after, in.u64());
    HOLDFAST_TRY(digest, get_sha256(in));
    HOLDFAST_TRY(root, get_sha256(in));
    HOLDFAST_TRY(files, in.u64());
    HOLDFAST_TRY(bytes, in.u64());
    HOLDFAST_TRY(imported, in.u64());
    stored.name = std::move(name);
    stored.version = static_cast<std::int64_t>(version);
    stored.not_after = static_cast<std::int64_t>(not_after);
    stored.digest = digest;
    stored.root = root;
    stored.files = files;
    stored.bytes = bytes;
    stored.imported = static_cast<std::int64_t>(imported);
    return stored;
}

Result<attest::Difference> get_difference(PayloadReader& in) {
    HOLDFAST_TRY(path, get_text(in, max_shown_path));
    HOLDFAST_TRY(what, get_text(in, max_said));
    return attest::Difference{std::move(path), std::move(what)};
}

}  // namespace

// ── launcher → importer ─────────────────────────────────────────────────────────────────────────

Bytes encode(const ImportRequest& request) {
    PayloadWriter out;
    out.text(request.store).text(request.source).text(request.manifest);
    out.u32(request.reader.uid).u32(request.reader.gid);
    out.u32(static_cast<std::uint32_t>(request.reader.groups.size()));
    for (const auto group : request.reader.groups)
        out.u32(group);
    return out.take();
}

Result<ImportRequest> decode_import(ByteView payload) {
    return whole<ImportRequest>(payload, [](PayloadReader& in) -> Result<ImportRequest> {
        HOLDFAST_TRY(store, get_path(in));
        HOLDFAST_TRY(source, get_path(in));
        HOLDFAST_TRY(manifest, get_path(in));
        HOLDFAST_TRY(reader, get_reader(in));
        return ImportRequest{std::move(store), std::move(source), std::move(manifest),
                             std::move(reader)};
    });
}

Bytes encode(const attest::Imported& imported) {
    PayloadWriter out;
    out.bytes(imported.manifest).bytes(imported.root);
    out.u64(imported.files).u64(imported.bytes).u64(imported.reused);
    out.u8(imported.verity ? 1 : 0);
    return out.take();
}

Result<attest::Imported> decode_imported(ByteView payload) {
    return whole<attest::Imported>(payload, [](PayloadReader& in) -> Result<attest::Imported> {
        HOLDFAST_TRY(manifest, get_sha256(in));
        HOLDFAST_TRY(root, get_sha256(in));
        HOLDFAST_TRY(files, in.u64());
        HOLDFAST_TRY(bytes, in.u64());
        HOLDFAST_TRY(reused, in.u64());
        HOLDFAST_TRY(verity, in.u8());
        if (verity > 1) return malformed("verity");
        return attest::Imported{manifest, root, files, bytes, reused, verity == 1};
    });
}

Bytes encode(const CollectRequest& request) {
    PayloadWriter out;
    out.text(request.store).u32(static_cast<std::uint32_t>(request.keep.size()));
    for (const auto& digest : request.keep)
        out.bytes(digest);
    return out.take();
}

Result<CollectRequest> decode_collect(ByteView payload) {
    return whole<CollectRequest>(payload, [](PayloadReader& in) -> Result<CollectRequest> {
        HOLDFAST_TRY(store, get_path(in));
        HOLDFAST_TRY(keep, get_all<Sha256>(in, max_kept, get_sha256));
        return CollectRequest{std::move(store), std::move(keep)};
    });
}

Bytes encode(const attest::Collected& collected) {
    PayloadWriter out;
    out.u64(collected.manifests).u64(collected.views).u64(collected.objects).u64(collected.bytes);
    return out.take();
}

Result<attest::Collected> decode_collected(ByteView payload) {
    return whole<attest::Collected>(payload, [](PayloadReader& in) -> Result<attest::Collected> {
        HOLDFAST_TRY(manifests, in.u64());
        HOLDFAST_TRY(views, in.u64());
        HOLDFAST_TRY(objects, in.u64());
        HOLDFAST_TRY(bytes, in.u64());
        return attest::Collected{manifests, views, objects, bytes};
    });
}

Bytes encode_store(std::string_view directory) {
    PayloadWriter out;
    out.text(directory);
    return out.take();
}

Result<std::string> decode_store(ByteView payload) {
    return whole<std::string>(payload, get_path);
}

Bytes encode(const std::vector<attest::StoredManifest>& manifests) {
    PayloadWriter out;
    out.u32(static_cast<std::uint32_t>(manifests.size()));
    for (const auto& stored : manifests)
        put_manifest(out, stored);
    return out.take();
}

Result<std::vector<attest::StoredManifest>> decode_stored(ByteView payload) {
    using Stored = std::vector<attest::StoredManifest>;
    return whole<Stored>(payload, [](PayloadReader& in) -> Result<Stored> {
        return get_all<attest::StoredManifest>(in, attest::max_stored_manifests, get_manifest);
    });
}

Bytes encode(const attest::CheckReport& report) {
    PayloadWriter out;
    out.u64(report.manifests).u64(report.views).u64(report.objects).u64(report.bytes);
    out.u64(report.unneeded).u64(report.unread).u64(report.differing);
    out.u32(static_cast<std::uint32_t>(report.differences.size()));
    for (const auto& difference : report.differences)
        out.text(std::string_view(difference.path).substr(0, max_shown_path))
            .text(std::string_view(difference.what).substr(0, max_said));
    return out.take();
}

Result<attest::CheckReport> decode_check(ByteView payload) {
    return whole<attest::CheckReport>(
        payload, [](PayloadReader& in) -> Result<attest::CheckReport> {
            attest::CheckReport report;
            for (auto* number : {&report.manifests, &report.views, &report.objects, &report.bytes,
                                 &report.unneeded, &report.unread, &report.differing}) {
                HOLDFAST_TRY(value, in.u64());
                *number = value;
            }
            HOLDFAST_TRY(differences,
                         get_all<attest::Difference>(in, attest::max_differences, get_difference));
            report.differences = std::move(differences);
            return report;
        });
}

}  // namespace holdfast::daemon
