#include "attest/store/verity.h"

#include <fcntl.h>
#include <linux/fsverity.h>
#include <sys/ioctl.h>

#include "attest/store/files.h"
#include "attest/store/layout.h"
#include "holdfast/descriptor.h"

namespace holdfast::attest {
namespace {

// The one block size that every file system and page size can do (fsverity(7)).
constexpr std::uint32_t block_size = 4096;

}  // namespace

Done enable_verity(int folder, const std::string& name) {
    const Descriptor file(::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!file) return disk_error(shown(name));
    struct fsverity_enable_arg how{};
    how.version = 1;
    how.hash_algorithm = FS_VERITY_HASH_ALG_SHA256;
    how.block_size = block_size;
    if (::ioctl(file.get(), FS_IOC_ENABLE_VERITY, &how) != 0)
        return disk_error("fs-verity for " + shown(name));
    return done();
}

bool has_verity(int folder) {
    const std::string probe = "verity-probe";
    {
        const Descriptor file(::openat(folder, probe.c_str(),
                                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                                       private_file_mode));
        if (!file || !write_all(file.get(), view_of("?"))) return false;
    }
    const bool works = enable_verity(folder, probe).has_value();
    (void)::unlinkat(folder, probe.c_str(), 0);
    return works;
}

}  // namespace holdfast::attest
