// The log on a real disk: what a crash, an edit and a failing disk leave, and what is made of it.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "ledger/bundle.h"
#include "ledger/record.h"
#include "ledger/writer/log.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

using namespace holdfast;
using ledger::Log;

namespace {

namespace fs = std::filesystem;

Bytes record(std::uint64_t index, std::size_t padding = 10) {
    ledger::Record made;
    made.type = "start";
    made.time = 1'700'000'000;
    made.index = index;
    made.members.emplace("text", encode::Json(std::string(padding, 'x')));
    auto bytes = ledger::encode_record(made);
    REQUIRE(bytes);
    return *bytes;
}

std::vector<Bytes> records(std::uint64_t from, std::uint64_t to) {
    std::vector<Bytes> made;
    for (std::uint64_t index = from; index < to; ++index)
        made.push_back(record(index));
    return made;
}

Done ignore(std::uint64_t, ByteView) {
    return done();
}

Result<Log> open(const std::string& directory, const std::optional<LedgerHead>& known = {},
                 ledger::Disk disk = {}) {
    return Log::open(directory, known, ignore, std::move(disk));
}

// A ledger of `count` records, closed; its head.
LedgerHead make_ledger(const std::string& directory, std::uint64_t count) {
    auto log = open(directory);
    REQUIRE(log);
    REQUIRE(log->append(records(log->head().size, count)));
    return log->head();
}

std::string bundle(const std::string& directory, std::uint64_t number) {
    return directory + "/tile/entries/" + ledger::bundle_path(number);
}

std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void write_to(const std::string& path, const std::string& content) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

}  // namespace

TEST_CASE("log: what was appended is read back in order, with the same root", "[ledger][log]") {
    const tests::TemporaryDirectory place;
    const std::string directory = place.file("ledger");
    const LedgerHead head = make_ledger(directory, 600);
    std::vector<Bytes> read;
    const auto keep = [&](std::uint64_t index, ByteView leaf) {
        REQUIRE(index == read.size());
        read.push_back(bytes_of(leaf));
        return done();
    };
    const auto log = Log::open(directory, head, keep);
    REQUIRE(log);
    CHECK(log->head() == head);
    CHECK(read == records(0, 600));
    CHECK(fs::exists(bundle(directory, 2)));
    CHECK_FALSE(fs::exists(bundle(directory, 3)));
}

TEST_CASE("log: a bundle holds 256 records, the next goes to the next file", "[ledger][log]") {
    const tests::TemporaryDirectory place;
    const std::string directory = place.file("ledger");
    make_ledger(directory, 256);
    CHECK_FALSE(fs::exists(bundle(directory, 1)));
    const LedgerHead head = make_ledger(directory, 257);
    CHECK(fs::exists(bundle(directory, 1)));
    CHECK(open(directory, head));
}

TEST_CASE("log: a second process cannot write", "[ledger][log]") {
    const tests::TemporaryDirectory place;
    const auto first = open(place.file("ledger"));
    REQUIRE(first);
    const auto second = open(place.file("ledger"));
    REQUIRE_FALSE(second);
    CHECK(second.error().code() == Code::conflict);
}

TEST_CASE("log: torn at every byte of its last record, it opens without it and goes on",
          "[ledger][log]") {
    const tests::TemporaryDirectory place;
    const std::string directory = place.file("ledger");
    const LedgerHead before = make_ledger(directory, 4);
    const auto whole_size = fs::file_size(bundle(directory, 0));
    make_ledger(directory, 5);
    const std::string whole = content_of(bundle(directory, 0));
    const bool zeros_follow = GENERATE(false, true);
    for (std::size_t size = whole_size; size < whole.size(); ++size) {
        INFO("bytes kept: " << size << ", zeros follow: " << zeros_follow);
        std::string torn = whole.substr(0, size);
        if (zeros_follow) torn.resize(whole.size() + 4096, '\0');
        write_to(bundle(directory, 0), torn);
        auto log = open(directory);
        REQUIRE(log);
        CHECK(log->head() == before);
        CHECK(log->torn_bytes() == torn.size() - whole_size);
        REQUIRE(log->append(records(4, 5)));
        REQUIRE(content_of(bundle(directory, 0)) == whole);
    }
}

TEST_CASE("log: an edit is found and named, wherever it is", "[ledger][log]") {
    const tests::TemporaryDirectory place;
    const std::string directory = place.file("ledger");
    const LedgerHead head = make_ledger(directory, 300);
    const std::string first = bundle(directory, 0);
    const std::string newest = bundle(directory, 1);
    std::string content = content_of(first);
    const std::size_t entry = content.size() / 256;
    std::string named = "tile/entries/000";

    SECTION("a record's index") {
        const auto at = content.find("\"index\":7");
        content[at + 8] = '8';
        write_to(first, content);
    }
    SECTION("a record swapped with its neighbour") {
        write_to(first, content.substr(entry, entry) + content.substr(0, entry) +
                            content.substr(2 * entry));
    }
    SECTION("a record removed") {
        write_to(first, content.substr(entry));
    }
    SECTION("a full bundle cut short") {
        write_to(first, content.substr(0, content.size() - 1));
    }
    SECTION("bytes after a full bundle") {
        write_to(first, content + "x");
    }
    SECTION("a bundle missing") {
        fs::remove(first);
    }
    SECTION("a word of the text: only a remembered head can tell") {
        const auto at = content.find("xxxxx", content.size() / 2);
        content[at] = 'y';
        write_to(first, content);
        CHECK(open(directory));
        named = "tile/entries/001";  // where the remembered head is reached
    }
    SECTION("a length in the newest bundle, so that the rest would look torn") {
        content = content_of(newest);
        content[0] = 0x10;
        write_to(newest, content);
        named = "tile/entries/001 at byte 0";
    }
    SECTION("records cut off at the end: only a remembered head can tell") {
        fs::remove(newest);
        CHECK(open(directory));
        named = "300 are remembered";
    }
    const auto log = open(directory, head);
    REQUIRE_FALSE(log);
    CHECK(log.error().reason() == "ledger_edited");
    CHECK_THAT(log.error().text(), Catch::Matchers::Contains(named));
}

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
        auto log = open(place.file("ledger"), {}, disk);
        REQUIRE(log);
        REQUIRE(log->append(records(0, 20)));
        head = log->head();
    }
    CHECK(calls > 20);
    CHECK(open(place.file("ledger"), head));
}

TEST_CASE("log: after a failed write nothing is accepted until what failed is cut off",
          "[ledger][log]") {
    const tests::TemporaryDirectory place;
    const std::string directory = place.file("ledger");
    const LedgerHead before = make_ledger(directory, 250);
    const std::string content = content_of(bundle(directory, 0));
    const int error = GENERATE(EIO, ENOSPC);
    const bool at_sync = GENERATE(false, true);
    const int good_calls = GENERATE(0, 1);  // 1: fails only when it has come to the next bundle
    int calls = 0;
    ledger::Disk disk;
    disk.write = [&](int file, const void* data, std::size_t size, off_t offset) -> ssize_t {
        if (at_sync || calls++ < good_calls) return ::pwrite(file, data, size, offset);
        // Half of it gets there first.
        if (calls == good_calls + 1) return ::pwrite(file, data, size / 2, offset);
        errno = error;
        return -1;
    };
    disk.sync = [&](int file) {
        if (!at_sync || calls++ < good_calls) return ::fdatasync(file);
        errno = error;
        return -1;
    };
    auto log = open(directory, before, disk);
    REQUIRE(log);
    const Done failed = log->append(records(250, 260));
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code() == Code::unavailable);
    CHECK(failed.error().reason() == (error == ENOSPC ? "disk_full" : "disk_error"));
    CHECK(log->head() == before);
    CHECK_FALSE(log->append(records(250, 251)));

    calls = -100;  // the disk is well again
    REQUIRE(log->recover());
    CHECK(content_of(bundle(directory, 0)) == content);
    CHECK_FALSE(fs::exists(bundle(directory, 1)));
    REQUIRE(log->append(records(250, 260)));
    const LedgerHead after = log->head();
    CHECK(after.size == 260);
    log = Error(Code::internal, "closed");
    CHECK(open(directory, after));
}

TEST_CASE("log: the kernel's own refusal, halfway through a record, loses nothing durable",
          "[ledger][log]") {
    const tests::TemporaryDirectory place;
    const std::string directory = place.file("ledger");
    const LedgerHead before = make_ledger(directory, 10);
    const auto size = fs::file_size(bundle(directory, 0));
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        auto log = open(directory, before);
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{size + 30, size + 30};
        if (!log || ::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(2);
        const bool refused = !log->append(records(10, 12));
        const bool half_there = fs::file_size(bundle(directory, 0)) == size + 30;
        ::_exit(refused && half_there && log->head() == before ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    // What the child left behind is what a crash in the middle of a write leaves.
    const auto log = open(directory, before);
    REQUIRE(log);
    CHECK(log->head() == before);
    CHECK(log->torn_bytes() == 30);
}

TEST_CASE("log: the reserve is real disk space and can be given back and kept again",
          "[ledger][log]") {
    const tests::TemporaryDirectory place;
    auto log = open(place.file("ledger"));
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
