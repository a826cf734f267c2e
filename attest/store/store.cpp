#include "attest/store/store.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "attest/store/files.h"
#include "attest/store/folders.h"
#include "attest/store/layout.h"
#include "attest/store/view.h"

namespace holdfast::attest {
namespace {

std::string in_manifests(const Sha256& digest) {
    return joined(manifests_folder, manifest_file(digest));
}

StoredManifest summary_of(const SignedManifest& opened) {
    StoredManifest stored;
    stored.name = opened.manifest.name;
    stored.version = opened.manifest.version;
    stored.not_after = opened.manifest.not_after;
    stored.digest = opened.digest;
    stored.root = tree_root(opened.manifest.tree);
    for (const auto& entry : opened.manifest.tree) {
        stored.files += entry.type == EntryType::file ? 1U : 0U;
        stored.bytes += entry.size;
    }
    return stored;
}

constexpr std::int64_t nanoseconds = 1'000'000'000;

// Who put something else there, a link say, changed the store; any other error may pass.
bool is_no_folder(int at, const std::string& path) {
    struct stat status{};
    return ::fstatat(at, path.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           !S_ISDIR(status.st_mode);
}

}  // namespace

Result<Store> Store::open(const std::string& directory, uid_t owner) {
    HOLDFAST_TRY(opened, open_store_directory(directory, owner));
    return Store(std::move(opened), directory, owner);
}

Result<std::vector<StoredManifest>> Store::list() const {
    Summaries none;
    return list(none);
}

Result<Store::Summary> Store::summary(int folder, const Sha256& digest,
                                      const Summaries& known) const {
    struct stat status{};
    const std::string name = manifest_file(digest);
    if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return disk_error(name);
    const std::int64_t changed_ns = status.st_ctim.tv_sec * nanoseconds + status.st_ctim.tv_nsec;
    const auto read_before = known.find(digest);
    if (read_before != known.end() && read_before->second.changed_ns == changed_ns &&
        read_before->second.inode == status.st_ino)
        return read_before->second;
    HOLDFAST_TRY(text, envelope(digest));
    const auto opened = read_manifest_unverified(text);
    if (!opened || opened->digest != digest)
        return store_changed(in_manifests(digest), "is no longer that manifest");
    Summary summary{changed_ns, status.st_ino, summary_of(*opened)};
    summary.manifest.imported = status.st_mtim.tv_sec;
    return summary;
}

Result<std::vector<StoredManifest>> Store::list(Summaries& known) const {
    std::vector<StoredManifest> all;
    const auto folder = open_folder(directory_.get(), manifests_folder);
    if (!folder && folder.error().code() == Code::not_found) return all;  // nothing imported yet
    if (!folder) return folder.error();
    HOLDFAST_TRY(names, names_in(folder->get()));
    Summaries now;
    for (const auto& name : names) {
        const auto digest = parse_manifest_file(name);
        if (!digest) continue;  // fsck names it
        HOLDFAST_TRY(one, summary(folder->get(), *digest, known));
        all.push_back(one.manifest);
        now.emplace(*digest, std::move(one));
    }
    known = std::move(now);
    return all;
}

Result<std::string> Store::envelope(const Sha256& digest) const {
    auto text = read_file(directory_.get(), in_manifests(digest), max_envelope);
    if (!text && text.error().code() == Code::not_found)
        return Error(Code::not_found, "store: no such manifest was imported")
            .because("manifest_not_imported");
    return text;
}

Result<Store::View> Store::open_view(const SignedManifest& manifest) const {
    const ViewName name{tree_root(manifest.manifest.tree), manifest.digest};
    const std::string place = joined(views_folder, to_name(name));
    auto root = open_folder(directory_.get(), place);
    if (!root && root.error().code() == Code::not_found)
        return Error(Code::not_found, "store: the manifest's tree was not imported")
            .because("manifest_not_imported");
    if (!root && is_no_folder(directory_.get(), place)) return store_changed(place, "type");
    if (!root) return std::move(root).error();
    const ViewRules rules{owner_,
                          [&place](const std::string& path, std::string_view what) -> Done {
                              return store_changed(joined(place, path), what);
                          },
                          nullptr};
    HOLDFAST_CHECK(compare_view(root->get(), manifest.manifest, rules));
    Descriptor handle(::openat(root->get(), ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!handle) return disk_error(place);
    return View{std::move(handle), joined(path_, place)};
}

}  // namespace holdfast::attest
