#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "attest/measure/process.h"
#include "core/crypto/digest.h"
#include "tests/support/catch.h"
#include "tests/support/child.h"
#include "tests/support/measured_child.h"

using namespace holdfast;
using namespace holdfast::attest;
using namespace holdfast::test;

namespace {

Sha256 digest_of(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const auto digest = crypto::sha256_of_file(file.get());
    REQUIRE(digest);
    return *digest;
}

}  // namespace

TEST_CASE("measure: names the digest of the executable and of each library", "[attest][measure]") {
    NEEDS_ROOT();
    const auto child = Child::echoing("/bin/cat", {}, agent_uid);
    const auto view = measure(child, strict);
    REQUIRE(view);
    CHECK(view->measurement.assurance == Assurance::observed);
    CHECK(view->measurement.executable.path == "/usr/bin/cat");
    CHECK(view->measurement.executable.digest == digest_of("/bin/cat"));
    const auto& mappings = view->measurement.mappings;
    REQUIRE(mappings.size() >= 2);  // libc and the loader
    CHECK(std::any_of(mappings.begin(), mappings.end(), [](const auto& file) {
        return file.path.find("libc.so") != std::string::npos &&
               file.digest == digest_of(file.path);
    }));
    CHECK(view->files.size() == mappings.size() + 1);
    CHECK(view->measurement.digest == measurement_digest(view->measurement));
    CHECK(still_unchanged(child.pidfd(), *view));
}

TEST_CASE("measure: the same program measures the same twice", "[attest][measure]") {
    NEEDS_ROOT();
    const auto one = Child::echoing("/bin/cat", {}, agent_uid);
    const auto other = Child::echoing("/bin/cat", {}, agent_uid);
    const auto first = measure(one, strict);
    const auto second = measure(other, strict);
    REQUIRE(first);
    REQUIRE(second);
    CHECK(first->measurement.digest == second->measurement.digest);
}

TEST_CASE("measure: without privilege one's own process measures the same", "[attest][measure]") {
    NEEDS_ROOT();
    const auto child = Child::echoing("/bin/cat", {}, agent_uid);
    const auto view = measure(child, strict);
    REQUIRE(view);
    // map_files is closed to this one: it opens by path and asks the kernel for the mapped name.
    auto unprivileged = Child::forked(
        [&] {
            const auto own = measure(child, lenient);
            if (own && own->measurement.digest == view->measurement.digest) child_tells();
        },
        agent_uid);
    unprivileged.await();
}

TEST_CASE("measure: the digest depends on every mapping and on no path", "[attest][measure]") {
    Measurement measurement;
    measurement.executable = {"/a", Sha256{1}};
    measurement.mappings = {{"/b", Sha256{2}}, {"/c", Sha256{3}}};
    auto moved = measurement;
    moved.mappings = {{"/y", Sha256{3}}, {"/x", Sha256{2}}};
    CHECK(measurement_digest(moved) == measurement_digest(measurement));
    moved.mappings.pop_back();
    CHECK(measurement_digest(moved) != measurement_digest(measurement));
    std::swap(measurement.executable, measurement.mappings.front());
    CHECK(measurement_digest(measurement) != measurement_digest(moved));
}

TEST_CASE("measure: a process started with a loader variable is refused", "[attest][measure]") {
    NEEDS_ROOT();
    const auto* variable =
        GENERATE("LD_PRELOAD=libm.so.6", "LD_AUDIT=/nowhere.so", "LD_LIBRARY_PATH=/tmp");
    CAPTURE(variable);
    const auto child = Child::echoing("/bin/cat", {"HOME=/", variable}, agent_uid);
    CHECK(reason_of(measure(child, strict)) == "loader_environment");
    const auto harmless = Child::echoing("/bin/cat", {"LD_PRELOAD=", "LD_PRELOADED=1"}, agent_uid);
    CHECK(reason_of(measure(harmless, strict)).empty());
}

TEST_CASE("measure: an environment too long to judge is refused", "[attest][measure]") {
    NEEDS_ROOT();
    const std::vector<std::string> huge(4, "A=" + std::string(80UL * 1024, 'x'));
    const auto child = Child::echoing("/bin/cat", huge, agent_uid);
    CHECK(reason_of(measure(child, strict)) == "loader_environment");
}

TEST_CASE("measure: a deleted executable is refused", "[attest][measure]") {
    NEEDS_ROOT();
    const test::Directory directory;
    const auto program = directory.path("agent");
    test::copy_program("/bin/cat", program);
    const auto child = Child::echoing(program, {}, agent_uid);
    CHECK(measure(child, strict));
    REQUIRE(::unlink(program.c_str()) == 0);
    CHECK(reason_of(measure(child, strict)) == "deleted_executable");
}

TEST_CASE("measure: an executable in a memfd is refused", "[attest][measure]") {
    NEEDS_ROOT();
    std::ifstream cat("/bin/cat", std::ios::binary);
    const std::string program{std::istreambuf_iterator<char>(cat), {}};
    const Descriptor memory(::memfd_create("agent", 0));
    REQUIRE(::write(memory.get(), program.data(), program.size()) ==
            static_cast<ssize_t>(program.size()));
    const auto child =
        Child::echoing("/proc/self/fd/" + std::to_string(memory.get()), {}, agent_uid);
    CHECK(reason_of(measure(child, strict)) == "deleted_executable");
}

TEST_CASE("measure: code that the agent can write is refused unless allowed", "[attest][measure]") {
    NEEDS_ROOT();
    const test::Directory directory;
    const auto program = directory.path("agent");
    test::copy_program("/bin/cat", program);
    SECTION("as its owner") {
        REQUIRE(::chown(program.c_str(), agent_uid, 0) == 0);
    }
    SECTION("as anybody") {
        REQUIRE(::chmod(program.c_str(), 0757) == 0);
    }
    SECTION("through a group") {
        REQUIRE(::chmod(program.c_str(), 0775) == 0);
    }
    const auto child = Child::echoing(program, {}, agent_uid);
    CHECK(reason_of(measure(child, strict)) == "writable_executable");
    CHECK(measure(child, lenient));
}

TEST_CASE("measure: a writable library counts as the executable does", "[attest][measure]") {
    NEEDS_ROOT();
    const test::Directory directory;
    const auto library = directory.path("plugin.so");
    test::copy_program("/bin/true", library);
    REQUIRE(::chown(library.c_str(), agent_uid, 0) == 0);
    auto child = Child::forked(
        [&] {
            (void)map_executable(library);
            child_tells();
            child_awaits();
        },
        agent_uid);
    child.await();
    CHECK(reason_of(measure(child, strict)) == "writable_executable");
}

TEST_CASE("measure: another uid than the expected one is refused", "[attest][measure]") {
    NEEDS_ROOT();
    const auto child = Child::echoing("/bin/cat", {}, agent_uid + 1);
    CHECK(reason_of(measure(child, strict)) == "uid_changed");
    // One of four is enough: a saved uid is a way back.
    auto halfway = Child::forked(
        [] {
            if (::setresuid(agent_uid, agent_uid, agent_uid + 1) != 0) ::_exit(2);
            child_tells();
            child_awaits();
        },
        0);
    halfway.await();
    CHECK(reason_of(measure(halfway, strict)) == "uid_changed");
}

TEST_CASE("measure: a pidfd of another process is refused", "[attest][measure]") {
    NEEDS_ROOT();
    const auto child = Child::echoing("/bin/cat", {}, agent_uid);
    const auto other = Child::echoing("/bin/cat", {}, agent_uid);
    CHECK(reason_of(measure_process(child.pid(), other.pidfd(), strict)) == "caller_gone");
}

TEST_CASE("measure: a process that ended is refused, before and after", "[attest][measure]") {
    NEEDS_ROOT();
    auto child = Child::echoing("/bin/cat", {}, agent_uid);
    const auto pid = child.pid();
    const auto view = measure(child, strict);
    REQUIRE(view);
    child.end();
    CHECK(reason_of(still_unchanged(child.pidfd(), *view)) == "caller_gone");
    CHECK(reason_of(measure_process(pid, child.pidfd(), strict)) == "caller_gone");
}

TEST_CASE("measure: exec after measuring is noticed", "[attest][measure]") {
    NEEDS_ROOT();
    auto child = Child::forked(
        [] {
            child_tells();
            child_awaits();
            (void)::execl("/bin/cat", "cat", nullptr);
        },
        agent_uid);
    child.await();
    const auto view = measure(child, lenient);
    REQUIRE(view);
    CHECK(still_unchanged(child.pidfd(), *view));
    child.tell();
    child.tell();
    child.await();  // cat has echoed
    CHECK(reason_of(still_unchanged(child.pidfd(), *view)) == "measurement_changed");
}

TEST_CASE("measure: a library loaded after measuring is noticed", "[attest][measure]") {
    NEEDS_ROOT();
    auto child = Child::forked(
        [] {
            child_tells();
            child_awaits();
            (void)map_executable("/bin/true");
            child_tells();
            child_awaits();
        },
        agent_uid);
    child.await();
    const auto view = measure(child, lenient);
    REQUIRE(view);
    child.tell();
    child.await();
    CHECK(reason_of(still_unchanged(child.pidfd(), *view)) == "measurement_changed");
    // And measured again it is another measurement.
    const auto again = measure(child, lenient);
    REQUIRE(again);
    CHECK(again->measurement.digest != view->measurement.digest);
}

TEST_CASE("measure: a measured file touched or replaced in place is noticed", "[attest][measure]") {
    NEEDS_ROOT();
    const test::Directory directory;
    const auto program = directory.path("agent");
    test::copy_program("/bin/cat", program);
    const auto child = Child::echoing(program, {}, agent_uid);
    const auto view = measure(child, strict);
    REQUIRE(view);
    REQUIRE(::chmod(program.c_str(), 0711) == 0);
    CHECK(reason_of(still_unchanged(child.pidfd(), *view)) == "measurement_changed");
}
