// What changes under the measurer: an address space that goes, a file that is written meanwhile.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "attest/measure/mapped_files.h"
#include "attest/measure/process.h"
#include "tests/support/catch.h"
#include "tests/support/child.h"
#include "tests/support/measured_child.h"

using namespace holdfast;
using namespace holdfast::attest;
using namespace holdfast::test;

namespace {

OpenFile open_marked(const std::string& path) {
    Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const auto mark = mark_of(file.get());
    REQUIRE(mark);
    return {std::move(file), *mark};
}

// How often the second of two looks was answered from memory.
std::size_t hits_of_two(const std::string& path) {
    DigestCache cache;
    OpenFile file = open_marked(path);
    const auto first = cache.digest_of(file, strict);
    const auto second = cache.digest_of(file, strict);
    REQUIRE((first && second));
    CHECK(*first == *second);
    return cache.hits();
}

// Writes without pause until it goes.
class Writing {
  public:
    explicit Writing(const std::string& path)
        : file_(::open(path.c_str(), O_WRONLY | O_CLOEXEC)),
          thread_([this](const std::stop_token& stop) {
              for (char byte = 0; !stop.stop_requested(); ++byte)
                  (void)::pwrite(file_.get(), &byte, 1, 0);
          }) {}

  private:
    Descriptor file_;
    std::jthread thread_;
};

}  // namespace

TEST_CASE("measure: an address space that is gone is noticed, whatever was mapped in it",
          "[attest][measure]") {
    auto child = Child::forked(
        [] {
            child_tells();
            child_awaits();
            (void)::execl("/bin/cat", "cat", nullptr);
        },
        ::getuid());
    child.await();
    const std::string maps = "/proc/" + std::to_string(child.pid()) + "/maps";
    // Nothing else is remembered: only the pin itself can tell.
    const ProcessView view{{}, Descriptor(::open(maps.c_str(), O_RDONLY | O_CLOEXEC)), {}, {}};
    child.tell();
    child.tell();
    child.await();  // cat has echoed
    const auto same = still_unchanged(child.pidfd(), view);
    REQUIRE_FALSE(same);
    CHECK(same.error().reason() == "measurement_changed");
}

TEST_CASE("digest cache: keeps what only root can write, and nothing else", "[attest][measure]") {
    if (::getuid() != 0) HOLDFAST_SKIP("needs root to own the file");
    const test::Directory directory;
    const auto path = directory.path("code");
    test::copy_program("/bin/true", path);
    CHECK(hits_of_two(path) == 1);
    REQUIRE(::chmod(path.c_str(), 0775) == 0);
    CHECK(hits_of_two(path) == 0);
    REQUIRE(::chmod(path.c_str(), 0755) == 0);
    REQUIRE(::chown(path.c_str(), strict.uid, 0) == 0);
    CHECK(hits_of_two(path) == 0);
}

TEST_CASE("digest cache: a file that keeps changing while it is hashed is refused",
          "[attest][measure]") {
    constexpr off_t long_to_hash = 256L * 1024 * 1024;
    const test::Directory directory;
    const auto path = directory.path("code");
    {
        const Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0755));
        REQUIRE(::ftruncate(file.get(), long_to_hash) == 0);
    }
    OpenFile file = open_marked(path);
    const Writing writing(path);
    DigestCache cache;
    const auto digest = cache.digest_of(file, strict);
    REQUIRE_FALSE(digest);
    CHECK(digest.error().reason() == "measurement_changed");
}
