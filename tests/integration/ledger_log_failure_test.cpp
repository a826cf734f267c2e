// The log on a disk that fails: short writes, errors, a full disk, and the kernel's own refusal.
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <filesystem>

#include "tests/support/catch.h"
#include "tests/support/ledger_on_disk.h"
#include "tests/support/temporary_directory.h"

using namespace holdfast;
namespace fs = std::filesystem;

TEST_CASE("log: short writes and interruptions of the kernel are carried on", "[ledger][log]") {
    const tests::TemporaryDirectory place;
    ledger::Disk disk;
    int calls = 0;
    disk.write = [&](int file, const void* data, std::size_t size, off_t offset) -> ssize_t {
        if (++calls % 3 == 0) {
            errno = EINTR;
            return -1;
        }
        return ::pwrite(file, data, std::min<std::size_t>(size, 7), offset);
    };
    LedgerHead head;
    {
        auto log = tests::open_ledger(place.file("ledger"), {}, disk);
        REQUIRE(log);
        REQUIRE(log->append(tests::records(0, 20)));
        head = log->head();
    }
    CHECK(calls > 20);
    CHECK(tests::open_ledger(place.file("ledger"), head));
}

TEST_CASE("log: after a failed write nothing is accepted until what failed is cut off",
          "[ledger][log]") {
    const tests::TemporaryDirectory place;
    const std::string directory = place.file("ledger");
    const LedgerHead before = tests::make_ledger(directory, 250);
    const std::string content = tests::content_of(tests::bundle(directory, 0));
    const int error = GENERATE(EIO, ENOSPC);
    const bool at_sync = GENERATE(false, true);
    const int good_calls = GENERATE(0, 1);  // 1: fails only when it has come to the next bundle
    int calls = 0;
    bool well = true;  // while the ledger is opened
    ledger::Disk disk;
    disk.write = [&](int file, const void* data, std::size_t size, off_t offset) -> ssize_t {
        if (at_sync || calls++ < good_calls) return ::pwrite(file, data, size, offset);
        // Half of it gets there first.
        if (calls == good_calls + 1) return ::pwrite(file, data, size / 2, offset);
        errno = error;
        return -1;
    };
    disk.sync = [&](int file) {
        if (!at_sync || well || calls++ < good_calls) return ::fdatasync(file);
        errno = error;
        return -1;
    };
    auto log = tests::open_ledger(directory, before, disk);
    REQUIRE(log);
    well = false;
    const Done failed = log->append(tests::records(250, 260));
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code() == Code::unavailable);
    CHECK(failed.error().reason() == (error == ENOSPC ? "disk_full" : "disk_error"));
    CHECK(log->head() == before);
    CHECK_FALSE(log->append(tests::records(250, 251)));

    calls = -100;  // the disk is well again
    REQUIRE(log->recover());
    CHECK(tests::content_of(tests::bundle(directory, 0)) == content);
    CHECK_FALSE(fs::exists(tests::bundle(directory, 1)));
    REQUIRE(log->append(tests::records(250, 260)));
    const LedgerHead after = log->head();
    CHECK(after.size == 260);
    log = Error(Code::internal, "closed");
    CHECK(tests::open_ledger(directory, after));
}

TEST_CASE("log: what a killed process wrote and never synced is synced before it counts",
          "[ledger][log]") {
    const tests::TemporaryDirectory place;
    const std::string directory = place.file("ledger");
    const std::uint64_t count = GENERATE(3U, 256U, 257U);
    const LedgerHead before = tests::make_ledger(directory, count);
    const auto newest = fs::canonical(tests::bundle(directory, (count - 1) / 256));
    std::vector<fs::path> synced;
    ledger::Disk disk;
    disk.sync = [&](int file) {
        synced.push_back(fs::read_symlink("/proc/self/fd/" + std::to_string(file)));
        return ::fdatasync(file);
    };
    const auto log = tests::open_ledger(directory, before, disk);
    REQUIRE(log);
    REQUIRE(synced.size() == 1);
    CHECK(synced.front() == newest);
}

TEST_CASE("log: a disk that cannot sync what was found is not opened", "[ledger][log]") {
    const tests::TemporaryDirectory place;
    const LedgerHead before = tests::make_ledger(place.file("ledger"), 3);
    ledger::Disk disk;
    disk.sync = [](int) {
        errno = EIO;
        return -1;
    };
    const auto log = tests::open_ledger(place.file("ledger"), before, disk);
    REQUIRE_FALSE(log);
    CHECK(log.error().reason() == "disk_error");
}

TEST_CASE("log: the kernel's own refusal, halfway through a record, loses nothing durable",
          "[ledger][log]") {
    const tests::TemporaryDirectory place;
    const std::string directory = place.file("ledger");
    const LedgerHead before = tests::make_ledger(directory, 10);
    const auto size = fs::file_size(tests::bundle(directory, 0));
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        auto log = tests::open_ledger(directory, before);
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{size + 30, size + 30};
        if (!log || ::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(2);
        const bool refused = !log->append(tests::records(10, 12));
        const bool half_there = fs::file_size(tests::bundle(directory, 0)) == size + 30;
        ::_exit(refused && half_there && log->head() == before ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    // What the child left behind is what a crash in the middle of a write leaves.
    const auto log = tests::open_ledger(directory, before);
    REQUIRE(log);
    CHECK(log->head() == before);
    CHECK(log->torn_bytes() == 30);
}

TEST_CASE("log: the reserve is real disk space and can be given back and kept again",
          "[ledger][log]") {
    const tests::TemporaryDirectory place;
    auto log = tests::open_ledger(place.file("ledger"));
    REQUIRE(log);
    const std::string reserve = place.file("ledger/reserve");
    CHECK(log->has_reserve());
    struct stat status{};
    REQUIRE(::stat(reserve.c_str(), &status) == 0);
    CHECK(static_cast<std::uint64_t>(status.st_blocks) * 512 >= ledger::reserve_size);
    REQUIRE(log->free_reserve());
    CHECK_FALSE(log->has_reserve());
    CHECK_FALSE(fs::exists(reserve));
    REQUIRE(log->keep_reserve());
    CHECK(log->has_reserve());
}
