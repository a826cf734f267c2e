#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "attest/measure/environment.h"
#include "attest/measure/maps.h"
#include "attest/measure/process_directory.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::attest;

TEST_CASE("maps: each file mapped executable, once, in order", "[attest][maps]") {
    const auto found = executable_mappings(
        "55ed5c8af000-55ed5c8b1000 r--p 00000000 fe:00 248056                     /usr/bin/sleep\n"
        "55ed5c8b1000-55ed5c8b6000 r-xp 00002000 fe:00 248056                     /usr/bin/sleep\n"
        "55ed5c8c0000-55ed5c8c1000 r-xp 00002000 fe:00 248056                     /usr/bin/sleep\n"
        "7fcce1700000-7fcce1701000 r-xp 00000000 00:00 0 \n"
        "7fcce1833000-7fcce1989000 r-xp 00026000 103:02 17        /opt/with two blanks (deleted)\n"
        "7fcce1a02000-7fcce1a04000 r-xp 00000000 00:00 0                          [vdso]\n"
        "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n");
    REQUIRE(found);
    REQUIRE(found->size() == 2);
    CHECK(found->front().range == "55ed5c8b1000-55ed5c8b6000");
    CHECK(found->front().name == MappedName{makedev(0xfe, 0), 248056});
    CHECK(found->front().path == "/usr/bin/sleep");
    CHECK(found->back().name == MappedName{makedev(0x103, 2), 17});
    CHECK(found->back().path == "/opt/with two blanks (deleted)");
    CHECK(names_of(*found) ==
          std::vector<MappedName>{{makedev(0xfe, 0), 248056}, {makedev(0x103, 2), 17}});
}

TEST_CASE("maps: a line of another form is an error, not a mapping less", "[attest][maps]") {
    const auto* text =
        GENERATE("\n", "x\n", "1-2 r-xp 0 fe:00\n", "1-2 r-x 0 fe:00 1 /a\n",
                 "1-2 r-xp 0 fe00 1 /a\n", "12 r-xp 0 fe:00 1 /a\n", "1-2 r-xp 0 fe:00 -1 /a\n",
                 "1-2 r-xp 0 zz:00 1 /a\n", "1- r-xp 0 fe:00 1 /a\n");
    CAPTURE(text);
    const auto found = executable_mappings(text);
    REQUIRE_FALSE(found);
    CHECK(found.error().code() == Code::internal);
}

// A program that is not position independent, such as Debian's python3, is at a low address.
TEST_CASE("maps: a mapping at a low address has the name that map_files gives it",
          "[attest][maps]") {
    const Descriptor self(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    constexpr std::uintptr_t low = 0x00100000;  // below any program
    constexpr std::size_t size = 4096;
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    void* const wanted = reinterpret_cast<void*>(low);
    void* const got = ::mmap(wanted, size, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED_NOREPLACE,
                             self.get(), 0);
    REQUIRE(got == wanted);
    const Descriptor maps(::open("/proc/self/maps", O_RDONLY | O_CLOEXEC));
    const auto text = read_text(maps.get(), maps_bound);
    REQUIRE(text);
    const auto found = executable_mappings(*text);
    REQUIRE(found);
    REQUIRE_FALSE(found->empty());
    CHECK(found->front().range == "100000-101000");
    struct ::stat about{};
    CHECK(::lstat(("/proc/self/map_files/" + found->front().range).c_str(), &about) == 0);
    CHECK(::munmap(got, size) == 0);
}

TEST_CASE("maps: an open file has the name that maps gives it", "[attest][maps]") {
    const Descriptor self(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    const Descriptor maps(::open("/proc/self/maps", O_RDONLY | O_CLOEXEC));
    const auto text = read_text(maps.get(), maps_bound);
    REQUIRE(text);
    const auto found = executable_mappings(*text);
    const auto name = mapped_name_of(self.get());
    REQUIRE(found);
    REQUIRE(name);
    CHECK(std::any_of(found->begin(), found->end(),
                      [&](const auto& mapping) { return mapping.name == *name; }));
}

TEST_CASE("environment: only set loader variables are refused", "[attest][environment]") {
    using namespace std::string_view_literals;
    CHECK(check_loader_environment(""sv));
    CHECK(check_loader_environment("A=1\0LD_PRELOAD=\0LD_PRELOADX=1\0XLD_AUDIT=1\0LD_AUDIT"sv));
    const auto text = GENERATE("LD_PRELOAD=a"sv, "A=1\0LD_AUDIT=a"sv, "LD_LIBRARY_PATH=:\0B=2\0"sv);
    const auto checked = check_loader_environment(text);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code() == Code::denied);
    CHECK(checked.error().reason() == "loader_environment");
}

TEST_CASE("environment: all four uids must be the one", "[attest][environment]") {
    CHECK(check_uids("Name:\tcat\nUid:\t7\t7\t7\t7\nGid:\t0\t0\t0\t0\n", 7));
    const auto* text = GENERATE("Name:\tcat\nUid:\t0\t7\t7\t7\n", "Name:\tcat\nUid:\t7\t0\t7\t7\n",
                                "Name:\tcat\nUid:\t7\t7\t0\t7\n", "Name:\tcat\nUid:\t7\t7\t7\t0\n",
                                "Name:\tUid:\t7\t7\t7\t7\nUid:\t0\t0\t0\t0\n", "");
    CAPTURE(text);
    const auto checked = check_uids(text, 7);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().reason() == "uid_changed");
}
