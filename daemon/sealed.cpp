#include "daemon/sealed.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace holdfast::daemon {
namespace {

constexpr int all_seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

Error failed(const std::string& step) {
    return Error(Code::unavailable, step + ": " + std::generic_category().message(errno),
                 Retry::later);
}

}  // namespace

Result<Descriptor> seal(ByteView bytes, const char* name) {
    Descriptor memory(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!memory) return failed("memfd_create");
    std::size_t written = 0;
    while (written < bytes.size()) {
        const auto rest = bytes.subspan(written);
        const auto put = ::write(memory.get(), rest.data(), rest.size());
        if (put < 0) return failed("write to a memfd");
        written += static_cast<std::size_t>(put);
    }
    if (::fcntl(memory.get(), F_ADD_SEALS, all_seals) != 0) return failed("F_ADD_SEALS");
    return memory;
}

Result<Bytes> read_sealed(int descriptor, std::size_t max_bytes) {
    // Anything that is no memfd answers -1: no seals.
    const int seals = ::fcntl(descriptor, F_GET_SEALS);
    if (seals < 0 || (seals & all_seals) != all_seals)
        return Error(Code::invalid, "a descriptor that should be sealed memory is not");
    struct stat facts{};
    if (::fstat(descriptor, &facts) != 0) return failed("fstat of sealed memory");
    const auto size = static_cast<std::size_t>(facts.st_size);
    if (size > max_bytes) return Error(Code::invalid, "sealed memory: too large");
    Bytes bytes(size);
    std::size_t done_so_far = 0;
    while (done_so_far < size) {
        const auto got = ::pread(descriptor, bytes.data() + done_so_far, size - done_so_far,
                                 static_cast<off_t>(done_so_far));
        if (got <= 0) return failed("read of sealed memory");
        done_so_far += static_cast<std::size_t>(got);
    }
    return bytes;
}

}  // namespace holdfast::daemon
