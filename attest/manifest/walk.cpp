#include "attest/manifest/walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

#include "core/crypto/digest.h"
#include "core/encode/json.h"
#include "core/encode/utf8.h"
#include "holdfast/descriptor.h"

namespace holdfast::attest {
namespace {

constexpr std::uint32_t permission_bits = 07777;

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { (void)::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

std::int64_t nanoseconds(const statx_timestamp& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

FileState state_from(const struct statx& seen) {
    const std::uint64_t device = (std::uint64_t{seen.stx_dev_major} << 32U) | seen.stx_dev_minor;
    return {device,
            seen.stx_ino,
            seen.stx_size,
            seen.stx_mode,
            nanoseconds(seen.stx_mtime),
            nanoseconds(seen.stx_ctime)};
}

// name "": the descriptor itself.
Result<FileState> look_at(int directory, const char* name, std::string_view path) {
    constexpr int flags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT;
    struct statx seen = {};
    if (::statx(directory, name, flags, STATX_BASIC_STATS, &seen) != 0)
        return path_error(path, "cannot be looked at", errno);
    return state_from(seen);
}

Result<std::string> target_of(int directory, const char* name, std::string_view path) {
    std::array<char, max_tree_path + 1> target{};
    const ssize_t size = ::readlinkat(directory, name, target.data(), target.size());
    if (size < 0) return path_error(path, "the link cannot be read", errno);
    return std::string(target.data(), static_cast<std::size_t>(size));
}

std::string_view why_of(Unfit kind) {
    switch (kind) {
        case Unfit::set_id: return "is a set-id file";
        case Unfit::special: return "is a device, a socket or a pipe";
        case Unfit::not_utf8: return "its name is not UTF-8";
    }
    return "cannot be in a tree";
}

std::string below(const std::string& path, const std::string& name) {
    if (path.empty()) return name;
    std::string joined = path;
    return joined.append("/").append(name);
}

class Walk {
  public:
    // NOLINTNEXTLINE(misc-no-recursion): as deep as max_tree_depth.
    Done into(Descriptor directory, const std::string& path, std::size_t depth) {
        const Directory entries(::fdopendir(directory.get()));
        if (entries == nullptr) return path_error(path, "cannot be listed", errno);
        const int at = directory.give_away();  // closedir closes it
        while (true) {
            errno = 0;
            // NOLINTNEXTLINE(concurrency-mt-unsafe): each DIR is one thread's.
            const dirent* entry = ::readdir(entries.get());
            if (entry == nullptr && errno != 0) return path_error(path, "cannot be listed", errno);
            if (entry == nullptr) return done();
            const std::string name(static_cast<const char*>(entry->d_name));
            if (name == "." || name == "..") continue;
            HOLDFAST_CHECK(add(at, name, below(path, name), depth));
        }
    }

    Walked take() { return std::move(found_); }

  private:
    // NOLINTNEXTLINE(misc-no-recursion): see above.
    Done add(int directory, const std::string& name, const std::string& path, std::size_t depth) {
        if (found_.entries.size() + found_.unfit.size() == max_tree_entries)
            return path_error(path, "is one entry more than a tree can have");
        if (depth > max_tree_depth) return path_error(path, "is more than 64 levels deep");
        if (!encode::is_utf8(name)) return leave_out(path, Unfit::not_utf8);
        HOLDFAST_TRY(state, look_at(directory, name.c_str(), path));
        WalkedEntry walked{{path, EntryType::file, state.mode & permission_bits, 0, {}, {}}, state};
        if (S_ISLNK(state.mode)) {
            HOLDFAST_TRY(target, target_of(directory, name.c_str(), path));
            const Sha256 digest = crypto::sha256(view_of(target));
            walked.entry = {path, EntryType::link, 0, 0, digest, std::move(target)};
        } else if (S_ISDIR(state.mode)) {
            walked.entry.type = EntryType::directory;
        } else if (!S_ISREG(state.mode)) {
            return leave_out(path, Unfit::special);
        } else if ((state.mode & (S_ISUID | S_ISGID)) != 0) {
            return leave_out(path, Unfit::set_id);
        } else {
            walked.entry.size = state.size;
        }
        const bool is_directory = walked.entry.type == EntryType::directory;
        found_.entries.push_back(std::move(walked));
        return is_directory ? descend(directory, name, path, depth) : done();
    }

    Done leave_out(const std::string& path, Unfit kind) {
        found_.unfit.push_back({path, kind, why_of(kind)});
        return done();
    }

    // NOLINTNEXTLINE(misc-no-recursion): see above.
    Done descend(int parent, const std::string& name, const std::string& path, std::size_t depth) {
        constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
        Descriptor directory(::openat(parent, name.c_str(), flags));
        if (!directory) return path_error(path, "cannot be opened", errno);
        return into(std::move(directory), path, depth + 1);
    }

    Walked found_;
};

}  // namespace

Error path_error(std::string_view path, std::string_view why) {
    constexpr std::size_t max_shown = 1024;
    const std::string shown = encode::canonical(encode::Json(path.substr(0, max_shown)));
    return {Code::invalid, (path.empty() ? "the directory" : shown) + ": " + std::string(why)};
}

Error path_error(std::string_view path, std::string_view what, int cause) {
    return path_error(path, std::string(what) + ": " + std::generic_category().message(cause));
}

Result<FileState> state_of(int descriptor) {
    return look_at(descriptor, "", "");
}

Result<Walked> walk_tree(int directory) {
    Descriptor root(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root) return path_error("", "cannot be opened", errno);
    Walk walk;
    HOLDFAST_CHECK(walk.into(std::move(root), "", 1));
    Walked found = walk.take();
    const auto by_path = [](const WalkedEntry& a, const WalkedEntry& b) {
        return a.entry.path < b.entry.path;
    };
    std::sort(found.entries.begin(), found.entries.end(), by_path);
    return found;
}

}  // namespace holdfast::attest
