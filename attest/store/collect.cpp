#include "attest/store/collect.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <string>

#include "attest/store/files.h"
#include "attest/store/layout.h"
#include "attest/store/store.h"
#include "attest/store/view.h"

namespace holdfast::attest {
namespace {

struct Needed {
    std::set<Sha256> manifests;
    std::set<ViewName> views;
    std::set<ObjectName> objects;
};

Done add_manifest(const Folders& store, const Sha256& digest, Needed& needed) {
    const std::string name = manifest_file(digest);
    HOLDFAST_TRY(text, read_file(store.manifests.get(), name, max_envelope));
    const auto opened = read_manifest_unverified(text);
    if (!opened || opened->digest != digest)
        return store_changed(joined(manifests_folder, name),
                             "is no longer that manifest; nothing was removed");
    needed.manifests.insert(digest);
    needed.views.insert({tree_root(opened->manifest.tree), digest});
    for (const auto& entry : opened->manifest.tree) {
        if (entry.type == EntryType::file)
            needed.objects.insert({entry.digest, stored_mode(opened->manifest, entry)});
    }
    return done();
}

Result<Needed> what_is_needed(const Folders& store, const std::vector<Sha256>& keep) {
    Needed needed;
    HOLDFAST_TRY(names, names_in(store.manifests.get()));
    for (const auto& name : names) {
        const auto digest = parse_manifest_file(name);
        if (digest && std::find(keep.begin(), keep.end(), *digest) != keep.end())
            HOLDFAST_CHECK(add_manifest(store, *digest, needed));
    }
    return needed;
}

Done remove_manifests(const Folders& store, const Needed& needed, Collected& collected) {
    HOLDFAST_TRY(names, names_in(store.manifests.get()));
    for (const auto& name : names) {
        const auto digest = parse_manifest_file(name);
        if (!digest || needed.manifests.contains(*digest)) continue;
        HOLDFAST_CHECK(remove_all(store.manifests.get(), name));
        ++collected.manifests;
    }
    // On the disk before what they need goes: a manifest that came back would miss it.
    if (::fsync(store.manifests.get()) != 0) return disk_error("fsync");
    return done();
}

Done remove_views(const Folders& store, const Needed& needed, Collected& collected) {
    HOLDFAST_TRY(names, names_in(store.views.get()));
    for (const auto& name : names) {
        const auto view = parse_view_name(name);
        if (!view || needed.views.contains(*view)) continue;
        HOLDFAST_CHECK(remove_all(store.views.get(), name));
        ++collected.views;
    }
    return done();
}

Done remove_objects_of(int shelf, const std::string& shelf_name, const Needed& needed,
                       Collected& collected) {
    HOLDFAST_TRY(names, names_in(shelf));
    for (const auto& name : names) {
        const auto object = parse_object_name(joined(shelf_name, name));
        if (!object || needed.objects.contains(*object)) continue;
        struct stat status{};
        if (::fstatat(shelf, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
            return disk_error(name);
        HOLDFAST_CHECK(remove_all(shelf, name));
        ++collected.objects;
        if (status.st_nlink == 1) collected.bytes += static_cast<std::uint64_t>(status.st_size);
    }
    return done();
}

Done remove_objects(const Folders& store, const Needed& needed, Collected& collected) {
    HOLDFAST_TRY(shelves, names_in(store.objects.get()));
    for (const auto& shelf : shelves) {
        const auto folder = open_folder(store.objects.get(), shelf);
        if (!folder) continue;  // no folder of ours; fsck names it
        HOLDFAST_CHECK(remove_objects_of(folder->get(), shelf, needed, collected));
    }
    return done();
}

}  // namespace

Result<Collected> collect(const Folders& store, const std::vector<Sha256>& keep) {
    HOLDFAST_TRY(needed, what_is_needed(store, keep));
    Collected collected;
    HOLDFAST_CHECK(remove_manifests(store, needed, collected));
    HOLDFAST_CHECK(remove_views(store, needed, collected));
    HOLDFAST_CHECK(remove_objects(store, needed, collected));
    return collected;
}

}  // namespace holdfast::attest
