#include "attest/store/directory_source.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "attest/manifest/tree.h"
#include "attest/store/files.h"

namespace holdfast::attest {
namespace {

// What the one who asked may mend is told apart from what changed under our hands.
Error source_error(const std::string& path, int number) {
    const std::string text =
        "source: " + shown(path) + ": " + std::generic_category().message(number);
    if (number == EACCES || number == EPERM)
        return Error(Code::denied, text).because("source_unreadable");
    if (number == ENOENT || number == ELOOP || number == ENOTDIR)
        return Error(Code::conflict, text, Retry::later).because("source_changed");
    return Error(Code::unavailable, text, Retry::later);
}

int open_beneath(int root, const std::string& path) {
    struct open_how how{};
    // A FIFO or a device that took the file's place must not keep us waiting.
    how.flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    return static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how));
}

class Walk {
  public:
    Done folder(int opened, const std::string& prefix, std::size_t depth);
    std::vector<SourceEntry> take() { return std::move(entries_); }

  private:
    Done entry(int folder, const std::string& name, SourceEntry& entry, std::size_t depth);

    std::vector<SourceEntry> entries_;
};

// NOLINTNEXTLINE(misc-no-recursion): as deep as max_tree_depth
Done Walk::folder(int opened, const std::string& prefix, std::size_t depth) {
    HOLDFAST_TRY(names, names_in(opened));
    for (const auto& name : names) {
        SourceEntry entry;
        entry.path = prefix + name;
        if (entry.path.size() > max_tree_path || entries_.size() == max_tree_entries ||
            depth == max_tree_depth)
            return Error(Code::invalid, "source: " + shown(entry.path) +
                                            ": too many entries, too deep or too long a path")
                .because("tree_mismatch");
        HOLDFAST_CHECK(this->entry(opened, name, entry, depth));
    }
    return done();
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as max_tree_depth
Done Walk::entry(int folder, const std::string& name, SourceEntry& entry, std::size_t depth) {
    struct stat status{};
    if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
        return source_error(entry.path, errno);
    entry.mode = status.st_mode;
    const std::string path = entry.path;
    if (S_ISLNK(status.st_mode)) {
        HOLDFAST_TRY(target, link_target(folder, name));
        entry.target = std::move(target);
    }
    entries_.push_back(std::move(entry));
    if (!S_ISDIR(status.st_mode)) return done();
    const Descriptor below(
        ::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!below) return source_error(path, errno);
    return this->folder(below.get(), path + "/", depth + 1);
}

}  // namespace

Result<DirectorySource> DirectorySource::open(const std::string& directory) {
    Descriptor root(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (root) return DirectorySource(std::move(root));
    if (errno == ENOENT) return Error(Code::not_found, "source: no directory " + shown(directory));
    return source_error(directory, errno);
}

Result<std::vector<SourceEntry>> DirectorySource::list() {
    Walk walk;
    HOLDFAST_CHECK(walk.folder(root_.get(), "", 0));
    auto entries = walk.take();
    std::sort(entries.begin(), entries.end(),
              [](const auto& a, const auto& b) { return a.path < b.path; });
    files_.clear();
    for (const auto& entry : entries) {
        if (S_ISREG(entry.mode)) files_.push_back(entry.path);
    }
    return entries;
}

Result<OpenedFiles> DirectorySource::open(std::size_t first, std::size_t count) {
    if (count > max_opened_at_once || first > files_.size() || count > files_.size() - first)
        return Error(Code::invalid, "source: no such files");
    OpenedFiles opened;
    opened.first = first;
    for (std::size_t i = first; i < first + count; ++i) {
        OpenedFile one;
        one.file = Descriptor(open_beneath(root_.get(), files_[i]));
        one.error = one.file ? 0 : errno;
        opened.files.push_back(std::move(one));
    }
    return opened;
}

}  // namespace holdfast::attest
