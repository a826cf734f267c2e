#include "attest/measure/file_system.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <string>

#include "attest/measure/process_directory.h"

namespace holdfast::attest {
namespace {

// Not in linux/magic.h, where only the kernel's own needs are.
constexpr std::uint64_t gfs2_magic = 0x01161970;
constexpr std::uint64_t gpfs_magic = 0x47504653;
constexpr std::uint64_t lustre_magic = 0x0BD00BD0;
constexpr std::uint64_t vboxsf_magic = 0x786F4256;

constexpr std::array<std::uint64_t, 14> answered_elsewhere = {
    AFS_FS_MAGIC,     AFS_SUPER_MAGIC, CEPH_SUPER_MAGIC,  CIFS_SUPER_MAGIC, CODA_SUPER_MAGIC,
    FUSE_SUPER_MAGIC, NFS_SUPER_MAGIC, OCFS2_SUPER_MAGIC, SMB2_SUPER_MAGIC, V9FS_MAGIC,
    gfs2_magic,       gpfs_magic,      lustre_magic,      vboxsf_magic};

}  // namespace

bool is_answered_elsewhere(std::uint64_t type) {
    return std::find(answered_elsewhere.begin(), answered_elsewhere.end(), type) !=
           answered_elsewhere.end();
}

Done check_file_system(int descriptor, std::string_view path) {
    struct statfs file_system{};
    if (::fstatfs(descriptor, &file_system) != 0) return system_error("measure: fstatfs");
    // Signed on some machines, and CIFS has its highest bit set.
    const auto type = static_cast<std::uint32_t>(file_system.f_type);
    if (is_answered_elsewhere(type))
        return Error(Code::denied,
                     "measure: code on a file system that another process or machine "
                     "answers for, put it on a local disk: " +
                         std::string(path))
            .because("unsuitable_file_system");
    return done();
}

}  // namespace holdfast::attest
