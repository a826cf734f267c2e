// The ledger port when the disk is full, or fails: what stops, and what is still written.
#include <boost/asio/executor_work_guard.hpp>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>

#include "tests/support/catch.h"
#include "tests/support/durable_ledger_bench.h"
#include "tests/support/temporary_directory.h"

using namespace holdfast;
using daemon::DurableLedger;
using tests::Bench;
using tests::members;
namespace fs = std::filesystem;

namespace {

constexpr int not_permitted = 77;

// In a child of its own, so that the small disk is nobody else's: a tmpfs of 1.5 MiB, of which the
// reserve takes half of one.
int on_a_full_disk(const std::string& place) {
    if (::unshare(CLONE_NEWNS) != 0) return not_permitted;
    (void)::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    if (::mkdir((place + "/state").c_str(), 0700) != 0) return 2;
    if (::mount("tmpfs", (place + "/state").c_str(), "tmpfs", 0, "size=1536k") != 0)
        return not_permitted;
    auto registry = daemon::Registry::open(place + "/registry.db");
    boost::asio::io_context loop;
    if (!registry) return 3;
    const std::string directory = place + "/state/ledger";
    const auto now = [] { return std::int64_t{1}; };
    auto opened =
        DurableLedger::open(directory, *registry, loop.get_executor(), now, tests::unread);
    if (!opened || (*opened)->failed()) return 4;
    DurableLedger& ledger = **opened;
    const auto append = [&](const char* type, std::size_t size) {
        return tests::run_async(loop, ledger.append(type, members(size)));
    };

    std::uint64_t written = 0;
    while (written < 1000 && append("action", 50'000))
        ++written;
    // About a megabyte of records, then no more: and no record lost or half there.
    if (written < 5 || written > 30 || !ledger.failed()) return 5;
    if (ledger.head().size != written || ledger.next_index() != written) return 6;
    const auto refused = append("action", 10);
    if (refused || refused.error().reason() != "ledger_failed") return 7;
    // Stopping an agent is still written, at the index the lost record had; into the reserve.
    const auto contained = append("containment", 50'000);
    if (!contained || *contained != written) return 8;

    if (tests::run_async(loop, ledger.resume())) return 9;  // the reserve does not fit again
    if (!append("withheld", 500) || !ledger.failed()) return 10;
    const bool more_room =
        ::mount("tmpfs", (place + "/state").c_str(), "tmpfs", MS_REMOUNT, "size=20m") == 0;
    if (!more_room) return 11;
    const auto head = tests::run_async(loop, ledger.resume());
    if (!head || head->size != written + 2 || ledger.failed()) return 12;
    if (!append("action", 50'000)) return 13;

    const LedgerHead last = ledger.head();
    opened->reset();
    auto again = DurableLedger::open(directory, *registry, loop.get_executor(), now, tests::unread);
    return again && (*again)->head() == last ? 0 : 14;
}

// In a child of its own, whose files may not grow any more.
int on_a_failing_disk(const std::string& place) {
    Bench bench(place);
    const auto ledger = bench.opened();
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{10, 10};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
    (void)ledger->append("action", members());
    if (ledger->failed() || ledger->next_index() != 1) return 3;
    const auto stay = boost::asio::make_work_guard(bench.loop);
    if (bench.loop.run_one_for(std::chrono::seconds(30)) != 1) return 4;
    return ledger->failed() && ledger->next_index() == 0 ? 0 : 5;
}

int status_of_child(int (*work)(const std::string&), const std::string& place) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) ::_exit(work(place));
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    return WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("durable ledger: a failure is heard of, whether or not somebody waits for the record",
          "[daemon][ledger]") {
    const tests::TemporaryDirectory place;
    CHECK(status_of_child(on_a_failing_disk, place.path()) == 0);
}

TEST_CASE("durable ledger: on a full disk signing stops, containment is recorded, resume resumes",
          "[daemon][ledger]") {
    const tests::TemporaryDirectory place;
    const int status = status_of_child(on_a_full_disk, place.path());
    if (status == not_permitted) HOLDFAST_SKIP("mounting a small tmpfs is not permitted here");
    CHECK(status == 0);
}

TEST_CASE("durable ledger: without room for the reserve it opens for containment only",
          "[daemon][ledger]") {
    const tests::TemporaryDirectory place;
    Bench bench(place.path());
    {
        const auto ledger = bench.opened();
    }
    // In the reserve's place something that cannot be written to.
    fs::remove(place.file("ledger/reserve"));
    fs::create_directory(place.file("ledger/reserve"));
    const auto ledger = bench.opened();
    CHECK(ledger->failed());
    CHECK_FALSE(bench.run(ledger->append("action", members())));
    for (const char* type : {"containment", "security_event", "trigger", "withheld"})
        CHECK(bench.run(ledger->append(type, members())));
    for (const char* type : {"heartbeat", "refused"})
        CHECK_FALSE(bench.run(ledger->append(type, members())));
    CHECK_FALSE(bench.run(ledger->resume()));
    fs::remove(place.file("ledger/reserve"));
    CHECK(bench.run(ledger->resume()));
    CHECK_FALSE(ledger->failed());
    CHECK(bench.run(ledger->append("action", members())));
}
