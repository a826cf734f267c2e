#include "attest/store/files.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "attest/manifest/tree.h"
#include "attest/store/layout.h"

namespace holdfast::attest {
namespace {

constexpr std::size_t listing_buffer = 32UL * 1024;
constexpr std::size_t read_piece = 64UL * 1024;
constexpr std::size_t max_link = 4096;  // PATH_MAX
constexpr mode_t removable_mode = 0700;

// A store is no deeper than a tree in a view; what is deeper was not made here.
constexpr std::size_t max_depth = max_tree_depth + 2;

bool is_dots(std::string_view name) {
    return name == "." || name == "..";
}

// The records of getdents64(2), one behind the other.
void append_names(std::vector<std::string>& names, const std::uint8_t* record,
                  const std::uint8_t* end) {
    while (record < end) {
        std::uint16_t length = 0;
        std::memcpy(&length, record + offsetof(struct dirent64, d_reclen), sizeof length);
        const std::string_view name(
            reinterpret_cast<const char*>(record + offsetof(struct dirent64, d_name)));
        if (!is_dots(name)) names.emplace_back(name);
        record += length;
    }
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as max_depth
Done remove_below(int at, const std::string& name, std::size_t depth) {
    if (::unlinkat(at, name.c_str(), 0) == 0 || errno == ENOENT) return done();
    if (errno != EISDIR && errno != EPERM && errno != EACCES)
        return disk_error("remove " + shown(name));
    if (depth == 0) return Error(Code::invalid, "store: " + shown(name) + " is too deep to remove");
    HOLDFAST_TRY(folder, open_folder(at, name));
    // Only its owner gets this far; without w nothing in it could be removed.
    if (::fchmod(folder.get(), removable_mode) != 0) return disk_error("chmod " + shown(name));
    HOLDFAST_TRY(names, names_in(folder.get()));
    for (const auto& below : names)
        HOLDFAST_CHECK(remove_below(folder.get(), below, depth - 1));
    if (::unlinkat(at, name.c_str(), AT_REMOVEDIR) != 0) return disk_error("remove " + shown(name));
    return done();
}

}  // namespace

Error disk_error(std::string_view step) {
    const int number = errno;
    Error error(number == ENOENT ? Code::not_found : Code::unavailable,
                "store: " + std::string(step) + ": " + std::generic_category().message(number),
                Retry::later);
    if (number == ENOSPC || number == EDQUOT) return std::move(error).because("store_full");
    return error;
}

std::string shown(std::string_view path) {
    std::string text(path);
    std::replace_if(text.begin(), text.end(), [](char c) { return c < 0x20 || c >= 0x7f; }, '?');
    return text;
}

std::string joined(std::string_view folder, std::string_view name) {
    std::string path(folder);
    return path.append("/").append(name);
}

Result<Descriptor> open_folder(int at, const std::string& name) {
    Descriptor folder(::openat(at, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder) return disk_error(shown(name));
    return folder;
}

Result<std::vector<std::string>> names_in(int folder) {
    std::vector<std::string> names;
    alignas(struct dirent64) std::array<std::uint8_t, listing_buffer> buffer;  // NOLINT: filled
    if (::lseek(folder, 0, SEEK_SET) != 0) return disk_error("list a folder");
    for (;;) {
        const ssize_t got = ::getdents64(folder, buffer.data(), buffer.size());
        if (got < 0) return disk_error("list a folder");
        if (got == 0) break;
        append_names(names, buffer.data(), buffer.data() + got);
    }
    std::sort(names.begin(), names.end());
    return names;
}

Done make_folder(int at, const std::string& name, mode_t mode) {
    if (::mkdirat(at, name.c_str(), mode) != 0)
        return errno == EEXIST ? done() : Done(disk_error("make " + shown(name)));
    // Once more, without the umask.
    if (::fchmodat(at, name.c_str(), mode, 0) != 0) return disk_error("chmod " + shown(name));
    return done();
}

Result<std::string> link_target(int at, const std::string& name) {
    std::array<char, max_link> target{};
    const ssize_t size = ::readlinkat(at, name.c_str(), target.data(), target.size());
    if (size < 0) return disk_error(shown(name));
    return std::string(target.data(), static_cast<std::size_t>(size));
}

Result<std::string> read_all(int file, std::size_t max) {
    struct stat status{};
    if (::fstat(file, &status) != 0) return disk_error("stat");
    if (!S_ISREG(status.st_mode)) return Error(Code::invalid, "store: not a regular file");
    const Error too_large(Code::invalid, "store: larger than " + std::to_string(max) + " bytes");
    if (status.st_size < 0 || static_cast<std::uint64_t>(status.st_size) > max) return too_large;
    std::string text;
    text.reserve(static_cast<std::size_t>(status.st_size) + 1);
    for (;;) {
        const std::size_t before = text.size();
        text.resize(before + read_piece);
        const ssize_t got = ::read(file, text.data() + before, read_piece);
        text.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return disk_error("read");
        if (text.size() > max) return too_large;
        if (got == 0) return text;
    }
}

Result<std::string> read_file(int at, const std::string& name, std::size_t max) {
    const Descriptor file(
        ::openat(at, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!file) return disk_error(shown(name));
    auto text = read_all(file.get(), max);
    if (!text) return std::move(text).error().within(shown(name));
    return text;
}

Done write_all(int file, ByteView bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return disk_error("write");
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return done();
}

Done seal_object(int file, mode_t mode, std::string_view path) {
    if (::fchmod(file, mode) != 0) return disk_error("chmod " + shown(path));
    const std::array<struct timespec, 2> times{timespec{object_time, 0}, timespec{object_time, 0}};
    if (::futimens(file, times.data()) != 0) return disk_error("utimens " + shown(path));
    return done();
}

Done remove_all(int at, const std::string& name) {
    return remove_below(at, name, max_depth);
}

Done sync_file_system(int folder) {
    if (::syncfs(folder) != 0) return disk_error("syncfs");
    return done();
}

}  // namespace holdfast::attest
