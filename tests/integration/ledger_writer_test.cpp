#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>

#include "ledger/bundle.h"
#include "ledger/record.h"
#include "ledger/writer/writer.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

using namespace holdfast;
using ledger::Priority;

namespace {

namespace fs = std::filesystem;

Bytes record(std::uint64_t index, std::string_view type = "start") {
    ledger::Record made;
    made.type = type;
    made.index = index;
    auto bytes = ledger::encode_record(made);
    REQUIRE(bytes);
    return *bytes;
}

Result<ledger::Log> open(const std::string& directory, ledger::Disk disk = {}) {
    return ledger::Log::open(
        directory, {}, [](std::uint64_t, ByteView) { return done(); }, std::move(disk));
}

// What the writer told, in order, from its own thread.
class Told {
  public:
    ledger::Written next() {
        return [this](const Result<LedgerHead>& head) {
            const std::lock_guard lock(mutex_);
            told_.push_back(head);
            changed_.notify_all();
        };
    }
    std::vector<Result<LedgerHead>> wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return told_.size() >= count; });
        return told_;
    }

  private:
    std::mutex mutex_;  // the writer's thread tells, the test's thread waits
    std::condition_variable changed_;
    std::vector<Result<LedgerHead>> told_;
};

// A disk whose syncs wait at a gate, and fail when told to.
class GatedDisk {
  public:
    ledger::Disk disk() {
        ledger::Disk disk;
        disk.sync = [this](int file) {
            std::unique_lock lock(mutex_);
            ++syncs_;
            changed_.notify_all();
            changed_.wait(lock, [this] { return open_; });
            if (error_ == 0) return ::fdatasync(file);
            errno = error_;
            return -1;
        };
        return disk;
    }
    void set(bool open, int error) {
        const std::lock_guard lock(mutex_);
        open_ = open;
        error_ = error;
        changed_.notify_all();
    }
    void wait_for_syncs(int count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return syncs_ >= count; });
    }
    int syncs() {
        const std::lock_guard lock(mutex_);
        return syncs_;
    }

  private:
    std::mutex mutex_;  // the writer's thread syncs, the test's thread opens the gate
    std::condition_variable changed_;
    bool open_ = true;
    int error_ = 0;
    int syncs_ = 0;
};

// Taken while the writer writes, newest bundle first: what a power cut would leave.
void copy_entries(const std::string& from, const std::string& to) {
    const std::string entries = "/tile/entries/";
    fs::create_directories(to + entries);
    std::uint64_t count = 0;
    while (fs::exists(from + entries + ledger::bundle_path(count)))
        ++count;
    while (count-- > 0) {
        const std::string name = entries + ledger::bundle_path(count);
        fs::copy_file(from + name, to + name);
    }
}

void check_ledger_failed(const Result<LedgerHead>& told) {
    REQUIRE_FALSE(told);
    CHECK(told.error().code() == Code::unavailable);
    CHECK(told.error().reason() == "ledger_failed");
}

}  // namespace

TEST_CASE("writer: all that waits shares one sync", "[ledger][writer]") {
    const tests::TemporaryDirectory place;
    GatedDisk gate;
    auto log = open(place.file("ledger"), gate.disk());
    REQUIRE(log);
    Told told;
    ledger::Writer writer(*std::move(log));
    gate.set(false, 0);
    REQUIRE(writer.append(0, record(0), Priority::ordinary, told.next()));
    gate.wait_for_syncs(1);
    for (std::uint64_t index = 1; index < 100; ++index)
        REQUIRE(writer.append(index, record(index), Priority::ordinary, told.next()));
    gate.set(true, 0);
    const auto heads = told.wait_for(100);
    CHECK(gate.syncs() == 2);
    REQUIRE(heads[0]);
    CHECK(heads[0]->size == 1);
    REQUIRE(heads[99]);
    CHECK(heads[99]->size == 100);
}

TEST_CASE("writer: a record is told durable only after its sync", "[ledger][writer]") {
    const tests::TemporaryDirectory place;
    GatedDisk gate;
    auto log = open(place.file("ledger"), gate.disk());
    REQUIRE(log);
    std::atomic<bool> told = false;
    {
        ledger::Writer writer(*std::move(log));
        gate.set(false, 0);
        REQUIRE(writer.append(0, record(0), Priority::ordinary,
                              [&](const Result<LedgerHead>& head) { told = head.has_value(); }));
        gate.wait_for_syncs(1);
        CHECK_FALSE(told);
        gate.set(true, 0);
    }  // the destructor writes what waits
    CHECK(told);
}

TEST_CASE("writer: 1,000 records, and any moment's copy of the disk opens with all acknowledged",
          "[ledger][writer]") {
    const tests::TemporaryDirectory place;
    auto log = open(place.file("ledger"));
    REQUIRE(log);
    Told told;
    std::vector<std::pair<std::string, std::uint64_t>> copies;  // where, acknowledged by then
    {
        ledger::Writer writer(*std::move(log));
        for (std::uint64_t index = 0; index < 1000; ++index) {
            REQUIRE(writer.append(index, record(index), Priority::ordinary, told.next()));
            if (index % 100 != 50) continue;
            const std::size_t acknowledged = index / 2;
            told.wait_for(acknowledged);
            const std::string copy = place.file("copy" + std::to_string(index));
            copy_entries(place.file("ledger"), copy);
            copies.emplace_back(copy, acknowledged);
        }
    }
    CHECK(told.wait_for(1000).back());
    const auto whole = open(place.file("ledger"));
    REQUIRE(whole);
    CHECK(whole->head().size == 1000);
    CHECK(copies.size() == 10);
    for (const auto& [copy, acknowledged] : copies) {
        INFO(copy);
        auto reopened = open(copy);
        REQUIRE(reopened);
        CHECK(reopened->head().size >= acknowledged);
        CHECK(reopened->append(std::vector<Bytes>{record(reopened->head().size)}));
    }
}

TEST_CASE("writer: one failed sync fails all that wait, and all after, until resume",
          "[ledger][writer]") {
    const tests::TemporaryDirectory place;
    GatedDisk gate;
    auto log = open(place.file("ledger"), gate.disk());
    REQUIRE(log);
    Told told;
    ledger::Writer writer(*std::move(log));
    REQUIRE(writer.append(0, record(0), Priority::ordinary, told.next()));
    told.wait_for(1);

    gate.set(false, EIO);
    REQUIRE(writer.append(1, record(1), Priority::ordinary, told.next()));
    gate.wait_for_syncs(2);
    REQUIRE(writer.append(2, record(2), Priority::ordinary, told.next()));
    gate.set(true, EIO);
    const auto after = told.wait_for(3);
    check_ledger_failed(after[1]);
    check_ledger_failed(after[2]);
    CHECK_FALSE(writer.healthy());
    const Done refused = writer.append(1, record(1), Priority::ordinary, told.next());
    REQUIRE_FALSE(refused);
    CHECK(refused.error().reason() == "ledger_failed");
    // Not a full disk: there is nothing to give back, so containment records fail as well.
    CHECK_FALSE(writer.append(1, record(1), Priority::containment, told.next()));

    writer.resume(told.next());
    check_ledger_failed(told.wait_for(4)[3]);  // the disk is still broken

    gate.set(true, 0);
    writer.resume(told.next());
    const auto resumed = told.wait_for(5)[4];
    REQUIRE(resumed);
    CHECK(resumed->size == 1);
    CHECK(writer.healthy());
    REQUIRE(writer.append(1, record(1), Priority::ordinary, told.next()));
    const auto again = told.wait_for(6)[5];
    REQUIRE(again);
    CHECK(again->size == 2);
}

TEST_CASE("writer: a full disk still takes containment records, from the reserve",
          "[ledger][writer]") {
    const tests::TemporaryDirectory place;
    const std::string reserve = place.file("ledger/reserve");
    ledger::Disk disk;
    // Full for as long as the reserve is there: exactly what the reserve is for.
    disk.write = [&](int file, const void* data, std::size_t size, off_t offset) -> ssize_t {
        if (!fs::exists(reserve)) return ::pwrite(file, data, size, offset);
        errno = ENOSPC;
        return -1;
    };
    auto log = open(place.file("ledger"), disk);
    REQUIRE(log);
    Told told;
    ledger::Writer writer(*std::move(log));
    REQUIRE(writer.append(0, record(0), Priority::ordinary, told.next()));
    check_ledger_failed(told.wait_for(1)[0]);
    CHECK_FALSE(writer.append(0, record(0), Priority::ordinary, told.next()));
    REQUIRE(writer.append(0, record(0, "containment"), Priority::containment, told.next()));
    const auto contained = told.wait_for(2)[1];
    REQUIRE(contained);
    CHECK(contained->size == 1);
    // Not yet told of a failure, a caller's next index is past what was lost.
    REQUIRE(writer.append(7, record(7, "containment"), Priority::containment, told.next()));
    check_ledger_failed(told.wait_for(3)[2]);
    CHECK_FALSE(writer.healthy());
}

TEST_CASE("writer: no more wait than the bound, and stopping an agent is not refused for it",
          "[ledger][writer]") {
    const tests::TemporaryDirectory place;
    GatedDisk gate;
    auto log = open(place.file("ledger"), gate.disk());
    REQUIRE(log);
    Told told;
    ledger::Writer writer(*std::move(log));
    gate.set(false, 0);
    REQUIRE(writer.append(0, record(0), Priority::ordinary, told.next()));
    gate.wait_for_syncs(1);
    std::uint64_t next = 1;
    for (; next <= ledger::max_waiting_records; ++next)
        REQUIRE(writer.append(next, record(next), Priority::ordinary, told.next()));
    const Done refused = writer.append(next, record(next), Priority::ordinary, told.next());
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Code::busy);
    for (std::size_t i = 0; i < ledger::max_waiting_containment; ++i, ++next)
        REQUIRE(writer.append(next, record(next), Priority::containment, told.next()));
    CHECK_FALSE(writer.append(next, record(next), Priority::containment, told.next()));
    gate.set(true, 0);
    CHECK(told.wait_for(next).back());
}
