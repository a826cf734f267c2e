#include "ledger/writer/disk.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

namespace holdfast::ledger {

Error disk_failure(std::string_view act, std::string_view path, int error_number) {
    const bool full = error_number == ENOSPC || error_number == EDQUOT;
    return Error(Code::unavailable,
                 "ledger: " + std::string(act) + " " + std::string(path) + ": " +
                     std::generic_category().message(error_number),
                 Retry::later)
        .because(full ? disk_full : disk_error);
}

Done write_all(const Disk& disk, int descriptor, ByteView bytes, std::uint64_t offset,
               std::string_view path) {
    while (!bytes.empty()) {
        const ssize_t written =
            disk.write(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return disk_failure("write", path, errno);
        if (written == 0) return disk_failure("write", path, EIO);
        bytes = bytes.subspan(static_cast<std::size_t>(written));
        offset += static_cast<std::uint64_t>(written);
    }
    return done();
}

Done sync(const Disk& disk, int descriptor, std::string_view path) {
    // Never tried again: after a failed fsync the kernel may call lost pages clean (the caller
    // cuts back and writes anew).
    if (disk.sync(descriptor) != 0) return disk_failure("sync", path, errno);
    return done();
}

Result<Descriptor> open_file(const std::string& path, int flags) {
    constexpr mode_t owner_only = 0600;
    Descriptor file(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, owner_only));
    if (!file) return disk_failure("open", path, errno);
    return file;
}

Done sync_directory(const std::string& path) {
    HOLDFAST_TRY(directory, open_file(path, O_RDONLY | O_DIRECTORY));
    if (::fsync(directory.get()) != 0) return disk_failure("sync", path, errno);
    return done();
}

Done make_directories(const std::string& base, const std::string& relative) {
    constexpr mode_t owner_only = 0700;
    std::string parent = base;
    for (std::size_t begin = 0; begin < relative.size();) {
        const auto slash = std::min(relative.find('/', begin), relative.size());
        const std::string path = parent + "/" + relative.substr(begin, slash - begin);
        if (::mkdir(path.c_str(), owner_only) == 0) {
            HOLDFAST_CHECK(sync_directory(parent));
        } else if (errno != EEXIST) {
            return disk_failure("mkdir", path, errno);
        }
        parent = path;
        begin = slash + 1;
    }
    return done();
}

Result<Bytes> read_file(const std::string& path, std::size_t most) {
    HOLDFAST_TRY(file, open_file(path, O_RDONLY));
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return disk_failure("stat", path, errno);
    if (!S_ISREG(status.st_mode) || static_cast<std::size_t>(status.st_size) > most)
        return Error(Code::invalid, path + ": no regular file, or too long");
    Bytes bytes(static_cast<std::size_t>(status.st_size));
    for (std::size_t filled = 0; filled < bytes.size();) {
        const ssize_t got = ::pread(file.get(), bytes.data() + filled, bytes.size() - filled,
                                    static_cast<off_t>(filled));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return disk_failure("read", path, got < 0 ? errno : EIO);
        filled += static_cast<std::size_t>(got);
    }
    return bytes;
}

}  // namespace holdfast::ledger
