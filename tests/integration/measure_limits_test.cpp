#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "attest/measure/process.h"
#include "tests/support/catch.h"
#include "tests/support/child.h"
#include "tests/support/measured_child.h"

using namespace holdfast;
using namespace holdfast::attest;
using namespace holdfast::test;

TEST_CASE("measure: as many mapped files as the limit, not one more", "[attest][measure]") {
    NEEDS_ROOT();
    const test::Directory directory;
    for (std::size_t i = 0; i < max_mapped_files; ++i)
        test::copy_program("/bin/true", directory.path(std::to_string(i)));
    // The child asks for how many by reading one byte.
    auto child = Child::forked(
        [&] {
            child_tells();
            std::size_t next = 0;
            for (unsigned char count = 0; ::read(0, &count, 1) == 1; child_tells()) {
                for (const auto end = next + count; next < end; ++next)
                    (void)map_executable(directory.path(std::to_string(next)));
            }
        },
        agent_uid);
    child.await();
    const auto before = measure(child, strict);
    REQUIRE(before);
    child.tell(static_cast<char>(max_mapped_files - before->files.size()));
    child.await();
    CHECK(measure(child, strict));
    child.tell(1);
    child.await();
    CHECK(reason_of(measure(child, strict)) == "too_many_mappings");
}

TEST_CASE("measure: more code than can be hashed in time is refused unread", "[attest][measure]") {
    NEEDS_ROOT();
    const test::Directory directory;
    const auto huge = directory.path("huge");
    {
        const Descriptor file(::open(huge.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0755));
        REQUIRE(::ftruncate(file.get(), static_cast<off_t>(max_measured_bytes)) == 0);
    }
    auto child = Child::forked(
        [&] {
            (void)map_executable(huge);
            child_tells();
            child_awaits();
        },
        agent_uid);
    child.await();
    CHECK(reason_of(measure(child, lenient)) == "too_many_mappings");
}
