#include "attest/store/plan.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <map>

#include "attest/store/files.h"
#include "attest/store/store.h"

namespace holdfast::attest {
namespace {

constexpr mode_t permissions = 07777;

Done compare_entry(const TreeEntry& wanted, const SourceEntry& found) {
    const bool same_type = wanted.type == EntryType::file        ? S_ISREG(found.mode)
                           : wanted.type == EntryType::directory ? S_ISDIR(found.mode)
                                                                 : S_ISLNK(found.mode);
    if (!same_type) return tree_mismatch(found.path, "another type");
    if (wanted.type == EntryType::link) {
        if (wanted.target != found.target) return tree_mismatch(found.path, "another target");
        return done();
    }
    if (wanted.mode != (found.mode & permissions)) return tree_mismatch(found.path, "another mode");
    return done();
}

Done check_suitable(const SourceEntry& found) {
    if (S_ISREG(found.mode) && (found.mode & (S_ISUID | S_ISGID)) != 0)
        return unsuitable_file(found.path, "set-id");
    if (!S_ISREG(found.mode) && !S_ISDIR(found.mode) && !S_ISLNK(found.mode))
        return unsuitable_file(found.path, "neither file, directory nor link");
    return done();
}

}  // namespace

Error tree_mismatch(std::string_view path, std::string_view what) {
    return Error(Code::conflict,
                 "import: " + shown(path) + ": " + std::string(what) + " than the manifest says")
        .because("tree_mismatch");
}

Error unsuitable_file(std::string_view path, std::string_view what) {
    return Error(Code::invalid, "import: " + shown(path) + ": " + std::string(what))
        .because("unsuitable_file");
}

Done compare_listing(const Tree& tree, const std::vector<SourceEntry>& listing) {
    auto wanted = tree.begin();
    for (const auto& found : listing) {
        HOLDFAST_CHECK(check_suitable(found));
        if (wanted == tree.end() || found.path < wanted->path)
            return tree_mismatch(found.path, "is there: more");
        if (wanted->path < found.path) return tree_mismatch(wanted->path, "is missing: less");
        HOLDFAST_CHECK(compare_entry(*wanted, found));
        ++wanted;
    }
    if (wanted != tree.end()) return tree_mismatch(wanted->path, "is missing: less");
    return done();
}

std::vector<PlannedFile> plan_files(const Folders& store, const Manifest& manifest) {
    std::vector<PlannedFile> files;
    std::map<ObjectName, std::size_t> first;
    for (const auto& entry : manifest.tree) {
        if (entry.type != EntryType::file) continue;
        PlannedFile file;
        file.entry = &entry;
        file.object = {entry.digest, stored_mode(manifest, entry)};
        const auto [known, is_first] = first.emplace(file.object, files.size());
        file.first = known->second;
        struct stat status{};
        if (!is_first) {
            file.stored = files[file.first].stored;
        } else if (::fstatat(store.objects.get(), to_name(file.object).c_str(), &status,
                             AT_SYMLINK_NOFOLLOW) == 0) {
            file.stored = S_ISREG(status.st_mode) && status.st_uid == store.owner &&
                          (status.st_mode & permissions) == file.object.mode &&
                          static_cast<std::uint64_t>(status.st_size) == entry.size &&
                          status.st_mtim.tv_sec == object_time && status.st_mtim.tv_nsec == 0;
            file.links = status.st_nlink;
        }
        files.push_back(file);
    }
    return files;
}

}  // namespace holdfast::attest
