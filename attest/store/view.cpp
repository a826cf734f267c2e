#include "attest/store/view.h"

#include <fcntl.h>

#include <unordered_map>
#include <utility>
#include <vector>

#include "attest/store/files.h"
#include "attest/store/layout.h"
#include "attest/store/store.h"

namespace holdfast::attest {
namespace {

constexpr mode_t permissions = 07777;

std::string_view folder_of(std::string_view path) {
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string_view name_of(std::string_view path) {
    return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

bool has_type(const struct stat& status, EntryType type) {
    switch (type) {
        case EntryType::file: return S_ISREG(status.st_mode);
        case EntryType::directory: return S_ISDIR(status.st_mode);
        case EntryType::link: return S_ISLNK(status.st_mode);
    }
    return false;
}

class Comparison {
  public:
    Comparison(const Manifest& manifest, const ViewRules& rules)
        : manifest_(manifest), rules_(rules) {
        // In the tree's order, so each folder's entries are ordered by name.
        for (const auto& entry : manifest.tree)
            entries_[folder_of(entry.path)].push_back(&entry);
    }

    Done folder(int opened, const std::string& path) const;

  private:
    using Entries = std::vector<const TreeEntry*>;

    Done differs(const std::string& path, std::string_view what) const {
        return rules_.on_difference(path, what);
    }
    Done entry(int folder, const std::string& name, const TreeEntry& entry) const;
    Done file(int folder, const std::string& name, const TreeEntry& entry,
              const struct stat& status) const;
    Done link(int folder, const std::string& name, const TreeEntry& entry) const;
    Done below(int folder, const std::string& name, const TreeEntry& entry) const;

    const Manifest& manifest_;
    const ViewRules& rules_;
    std::unordered_map<std::string_view, Entries> entries_;
};

// Both are ordered: one walk finds what is too many and what is missing.
// NOLINTNEXTLINE(misc-no-recursion): as deep as max_tree_depth
Done Comparison::folder(int opened, const std::string& path) const {
    struct stat status{};
    if (::fstat(opened, &status) != 0) return disk_error(shown(path));
    if (status.st_uid != rules_.owner) return differs(path, "belongs to somebody else");
    if ((status.st_mode & permissions) != view_folder_mode) HOLDFAST_CHECK(differs(path, "mode"));

    static const Entries none;
    const auto found = entries_.find(path);
    const Entries& expected = found == entries_.end() ? none : found->second;
    HOLDFAST_TRY(names, names_in(opened));
    auto name = names.cbegin();
    for (const auto* entry : expected) {
        const auto wanted = name_of(entry->path);
        for (; name != names.cend() && *name < wanted; ++name)
            HOLDFAST_CHECK(
                differs(path.empty() ? *name : joined(path, *name), "not in the manifest"));
        if (name == names.cend() || *name != wanted) {
            HOLDFAST_CHECK(differs(entry->path, "missing"));
            continue;
        }
        HOLDFAST_CHECK(this->entry(opened, *name, *entry));
        ++name;
    }
    for (; name != names.cend(); ++name)
        HOLDFAST_CHECK(differs(path.empty() ? *name : joined(path, *name), "not in the manifest"));
    return done();
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as max_tree_depth
Done Comparison::entry(int folder, const std::string& name, const TreeEntry& entry) const {
    struct stat status{};
    if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
        return differs(entry.path, "missing");
    if (!has_type(status, entry.type)) return differs(entry.path, "type");
    if (status.st_uid != rules_.owner) return differs(entry.path, "belongs to somebody else");
    switch (entry.type) {
        case EntryType::file: return file(folder, name, entry, status);
        case EntryType::link: return link(folder, name, entry);
        case EntryType::directory: return below(folder, name, entry);
    }
    return done();
}

Done Comparison::file(int folder, const std::string& name, const TreeEntry& entry,
                      const struct stat& status) const {
    if ((status.st_mode & permissions) != stored_mode(manifest_, entry))
        return differs(entry.path, "mode");
    if (static_cast<std::uint64_t>(status.st_size) != entry.size)
        return differs(entry.path, "size");
    if (status.st_mtim.tv_sec != object_time || status.st_mtim.tv_nsec != 0)
        HOLDFAST_CHECK(differs(entry.path, "written to after its import"));
    return rules_.on_file ? rules_.on_file(folder, name, entry, status) : done();
}

Done Comparison::link(int folder, const std::string& name, const TreeEntry& entry) const {
    const auto target = link_target(folder, name);
    if (!target || *target != entry.target) return differs(entry.path, "target");
    return done();
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as max_tree_depth
Done Comparison::below(int folder, const std::string& name, const TreeEntry& entry) const {
    const auto opened = open_folder(folder, name);
    if (!opened) return differs(entry.path, opened.error().text());
    return this->folder(opened->get(), entry.path);
}

}  // namespace

Done compare_view(int root, const Manifest& manifest, const ViewRules& rules) {
    return Comparison(manifest, rules).folder(root, "");
}

Error store_changed(std::string_view path, std::string_view what) {
    return Error(Code::denied, "store: " + shown(path) + ": " + std::string(what))
        .because("store_changed");
}

}  // namespace holdfast::attest
