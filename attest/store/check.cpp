#include "attest/store/check.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <map>
#include <set>

#include "attest/store/files.h"
#include "attest/store/layout.h"
#include "attest/store/store.h"
#include "attest/store/view.h"
#include "core/crypto/digest.h"

namespace holdfast::attest {
namespace {

constexpr mode_t permissions = 07777;

class Check {
  public:
    explicit Check(const Folders& store) : store_(store) {}
    Result<CheckReport> run();

  private:
    void differs(const std::string& path, std::string_view what);
    Done objects();
    Done shelf(const std::string& name);
    Done object(int shelf, const std::string& name, const std::string& path);
    Done manifests();
    Done manifest(const std::string& name, const Sha256& digest);
    Done view(const SignedManifest& manifest);
    Done contents(int folder, const std::string& name, const std::string& path,
                  const Sha256& expected);
    Done file_of_view(int folder, const std::string& name, const std::string& path,
                      const TreeEntry& entry, const struct stat& status);
    Done unneeded();

    const Folders& store_;
    CheckReport report_;
    std::map<ino_t, Sha256> whole_;  // objects whose contents were read, by inode
    std::set<ObjectName> objects_, needed_;
    std::set<ViewName> views_;
};

void Check::differs(const std::string& path, std::string_view what) {
    ++report_.differing;
    if (report_.differences.size() < max_differences)
        report_.differences.push_back({shown(path), std::string(what)});
}

Result<CheckReport> Check::run() {
    HOLDFAST_CHECK(objects());
    HOLDFAST_CHECK(manifests());
    HOLDFAST_CHECK(unneeded());
    return std::move(report_);
}

Done Check::objects() {
    HOLDFAST_TRY(shelves, names_in(store_.objects.get()));
    for (const auto& name : shelves)
        HOLDFAST_CHECK(shelf(name));
    return done();
}

Done Check::shelf(const std::string& name) {
    const auto folder = open_folder(store_.objects.get(), name);
    if (!folder) {
        differs(joined(objects_folder, name), "not a folder of objects");
        return done();
    }
    HOLDFAST_TRY(names, names_in(folder->get()));
    for (const auto& object_name : names)
        HOLDFAST_CHECK(object(folder->get(), object_name, joined(name, object_name)));
    return done();
}

Done Check::object(int shelf, const std::string& name, const std::string& path) {
    const std::string place = joined(objects_folder, path);
    const auto object = parse_object_name(path);
    if (!object) {
        differs(place, "not the name of an object");
        return done();
    }
    ++report_.objects;
    struct stat status{};
    if (::fstatat(shelf, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return disk_error(path);
    objects_.insert(*object);
    if (!S_ISREG(status.st_mode)) {
        differs(place, "type");
        return done();
    }
    if (status.st_uid != store_.owner) differs(place, "belongs to somebody else");
    if ((status.st_mode & permissions) != object->mode) differs(place, "mode");
    if (status.st_mtim.tv_sec != object_time || status.st_mtim.tv_nsec != 0)
        differs(place, "written to after its import");
    const auto before = report_.differing;
    HOLDFAST_CHECK(contents(shelf, name, place, object->digest));
    if (report_.differing == before) whole_.emplace(status.st_ino, object->digest);
    return done();
}

Done Check::contents(int folder, const std::string& name, const std::string& path,
                     const Sha256& expected) {
    const Descriptor file(
        ::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file && errno == EACCES) {
        ++report_.unread;
        return done();
    }
    if (!file) return disk_error(shown(path));
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return disk_error(shown(path));
    report_.bytes += static_cast<std::uint64_t>(status.st_size);
    const auto digest = crypto::sha256_of_file(file.get());
    if (!digest) differs(path, digest.error().text());  // a bad block, or fs-verity says no
    if (digest && *digest != expected) differs(path, "contents");
    return done();
}

Done Check::manifests() {
    HOLDFAST_TRY(names, names_in(store_.manifests.get()));
    for (const auto& name : names) {
        const auto digest = parse_manifest_file(name);
        if (!digest) {
            differs(joined(manifests_folder, name), "not the name of a manifest");
            continue;
        }
        ++report_.manifests;
        HOLDFAST_CHECK(manifest(name, *digest));
    }
    return done();
}

Done Check::manifest(const std::string& name, const Sha256& digest) {
    const auto text = read_file(store_.manifests.get(), name, max_envelope);
    const auto opened =
        text ? read_manifest_unverified(*text) : Result<SignedManifest>(text.error());
    if (!opened || opened->digest != digest) {
        differs(joined(manifests_folder, name), opened ? "contents" : opened.error().text());
        return done();
    }
    for (const auto& entry : opened->manifest.tree) {
        if (entry.type == EntryType::file)
            needed_.insert({entry.digest, stored_mode(opened->manifest, entry)});
    }
    for (const auto& object : needed_) {
        if (!objects_.contains(object)) differs(joined(objects_folder, to_name(object)), "missing");
        objects_.insert(object);  // said once
    }
    return view(*opened);
}

Done Check::view(const SignedManifest& manifest) {
    const ViewName name{tree_root(manifest.manifest.tree), manifest.digest};
    const std::string place = joined(views_folder, to_name(name));
    views_.insert(name);
    const auto root = open_folder(store_.views.get(), to_name(name));
    if (!root) {
        differs(place, "missing");
        return done();
    }
    ++report_.views;
    const auto full = [&place](const std::string& path) {
        return path.empty() ? place : joined(place, path);
    };
    const ViewRules rules{store_.owner,
                          [&](const std::string& path, std::string_view what) {
                              differs(full(path), what);
                              return done();
                          },
                          [&](int folder, const std::string& file, const TreeEntry& entry,
                              const struct stat& status) {
                              return file_of_view(folder, file, full(entry.path), entry, status);
                          }};
    return compare_view(root->get(), manifest.manifest, rules);
}

// A link to an object that was read is read already; a copy is not.
Done Check::file_of_view(int folder, const std::string& name, const std::string& path,
                         const TreeEntry& entry, const struct stat& status) {
    const auto known = whole_.find(status.st_ino);
    if (known != whole_.end() && known->second == entry.digest) return done();
    return contents(folder, name, path, entry.digest);
}

Done Check::unneeded() {
    HOLDFAST_TRY(names, names_in(store_.views.get()));
    for (const auto& name : names) {
        const auto view = parse_view_name(name);
        if (!view) differs(joined(views_folder, name), "not the name of a view");
        report_.unneeded += view && !views_.contains(*view) ? 1U : 0U;
    }
    for (const auto& object : objects_)
        report_.unneeded += needed_.contains(object) ? 0U : 1U;
    return done();
}

}  // namespace

Result<CheckReport> check_store(const Folders& store) {
    return Check(store).run();
}

}  // namespace holdfast::attest
