#include <fcntl.h>

#include "attest/measure/file_system.h"
#include "holdfast/descriptor.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::attest;

// The numbers of statfs(2).
TEST_CASE("file system: what a process or another machine answers for is told apart",
          "[attest][measure]") {
    constexpr std::uint64_t fuse = 0x65735546, nfs = 0x6969, cifs = 0xff534d42, nine_p = 0x01021997;
    for (const auto type : {fuse, nfs, cifs, nine_p})
        CHECK(is_answered_elsewhere(type));
    constexpr std::uint64_t ext4 = 0xef53, xfs = 0x58465342, btrfs = 0x9123683e,
                            overlay = 0x794c7630, tmpfs = 0x01021994;
    for (const auto type : {ext4, xfs, btrfs, overlay, tmpfs})
        CHECK_FALSE(is_answered_elsewhere(type));
}

TEST_CASE("file system: a local one is no reason to refuse", "[attest][measure]") {
    const Descriptor own(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    CHECK(check_file_system(own.get(), "own"));
}
