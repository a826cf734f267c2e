// Disk: the few system calls the ledger depends on, so that a test can have them fail.
#ifndef HOLDFAST_LEDGER_WRITER_DISK_H
#define HOLDFAST_LEDGER_WRITER_DISK_H

#include <sys/types.h>
#include <unistd.h>

#include <functional>
#include <string>

#include "holdfast/bytes.h"
#include "holdfast/descriptor.h"
#include "holdfast/result.h"

namespace holdfast::ledger {

inline constexpr const char* disk_full = "disk_full";    // reason of ENOSPC and EDQUOT
inline constexpr const char* disk_error = "disk_error";  // reason of everything else

struct Disk {
    std::function<ssize_t(int, const void*, std::size_t, off_t)> write = ::pwrite;
    std::function<int(int)> sync = ::fdatasync;
    std::function<int(int, off_t)> truncate = ::ftruncate;
};

// unavailable, retry later: "ledger: write tile/entries/000: No space left on device".
Error disk_failure(std::string_view act, std::string_view path, int error_number);

// All of it, however the kernel cuts it into pieces.
Done write_all(const Disk& disk, int descriptor, ByteView bytes, std::uint64_t offset,
               std::string_view path);
Done sync(const Disk& disk, int descriptor, std::string_view path);

// O_CLOEXEC and O_NOFOLLOW always, mode 0600.
Result<Descriptor> open_file(const std::string& path, int flags);
// Makes the names in a directory durable.
Done sync_directory(const std::string& path);
// base/a/b/c one by one, mode 0700; each new one is durable in its parent.
Done make_directories(const std::string& base, const std::string& relative);
// From offset 0 to the end; refuses what is no regular file or longer than `most`.
Result<Bytes> read_file(const std::string& path, std::size_t most);

}  // namespace holdfast::ledger

#endif  // HOLDFAST_LEDGER_WRITER_DISK_H
