// The ledger port on a real disk, driven by a real event loop.
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "daemon/state/durable_ledger.h"
#include "ledger/record.h"
#include "tests/support/catch.h"
#include "tests/support/run_async.h"
#include "tests/support/temporary_directory.h"

using namespace holdfast;
using daemon::DurableLedger;

namespace {

namespace fs = std::filesystem;

struct Bench {
    explicit Bench(std::string state) : directory(std::move(state)) {
        auto opened = daemon::Registry::open(directory + "/registry.db");
        REQUIRE(opened);
        registry.emplace(*std::move(opened));
    }
    Result<std::unique_ptr<DurableLedger>> open() {
        return DurableLedger::open(directory + "/ledger", *registry, loop.get_executor(),
                                   [] { return std::int64_t{1'700'000'000}; });
    }
    std::unique_ptr<DurableLedger> opened() {
        auto ledger = open();
        REQUIRE(ledger);
        return *std::move(ledger);
    }
    template <class T>
    Result<T> run(daemon::Async<T> operation) {
        return tests::run_async(loop, std::move(operation));
    }

    std::string directory;
    std::optional<daemon::Registry> registry;
    boost::asio::io_context loop;
};

encode::Json::Object members(std::size_t size = 10) {
    return {{"text", std::string(size, 'x')}};
}

}  // namespace

TEST_CASE("durable ledger: an append answers with its index, and is there after a restart",
          "[daemon][ledger]") {
    const tests::TemporaryDirectory place;
    Bench bench(place.path());
    LedgerHead head;
    {
        const auto ledger = bench.opened();
        CHECK(ledger->next_index() == 0);
        for (std::uint64_t expected = 0; expected < 3; ++expected) {
            const auto index = bench.run(ledger->append("action", members()));
            REQUIRE(index);
            CHECK(*index == expected);
        }
        head = ledger->head();
        CHECK(head.size == 3);
    }
    const auto again = bench.opened();
    CHECK(again->head() == head);
    CHECK(again->next_index() == 3);
}

TEST_CASE("durable ledger: the call itself takes the index, whenever it is awaited",
          "[daemon][ledger]") {
    const tests::TemporaryDirectory place;
    Bench bench(place.path());
    const auto ledger = bench.opened();
    auto first = ledger->append("action", members());
    CHECK(ledger->next_index() == 1);
    auto second = ledger->append("action", members());
    CHECK(ledger->next_index() == 2);
    const auto second_index = bench.run(std::move(second));
    const auto first_index = bench.run(std::move(first));
    REQUIRE(first_index);
    REQUIRE(second_index);
    CHECK(*first_index == 0);
    CHECK(*second_index == 1);
    CHECK(ledger->head().size == 2);
}

TEST_CASE("durable ledger: a result nobody waits for is written all the same", "[daemon][ledger]") {
    const tests::TemporaryDirectory place;
    Bench bench(place.path());
    {
        const auto ledger = bench.opened();
        (void)ledger->append("refused", members());
    }
    bench.loop.run();
    CHECK(bench.opened()->head().size == 1);
}

TEST_CASE("durable ledger: the loop is not woken for a record that nobody waits for yet",
          "[daemon][ledger]") {
    const tests::TemporaryDirectory place;
    Bench bench(place.path());
    const auto ledger = bench.opened();
    auto index = ledger->append("action", members());
    while (ledger->head().size == 0)
        std::this_thread::yield();
    CHECK(bench.loop.poll() == 0);
    const auto durable = bench.run(std::move(index));
    REQUIRE(durable);
    CHECK(*durable == 0);
}

TEST_CASE("durable ledger: a loop that ends while records are on their way loses none",
          "[daemon][ledger]") {
    const tests::TemporaryDirectory place;
    auto registry = daemon::Registry::open(place.file("registry.db"));
    REQUIRE(registry);
    {
        boost::asio::io_context loop;
        const auto now = [] { return std::int64_t{1}; };
        auto ledger =
            DurableLedger::open(place.file("ledger"), *registry, loop.get_executor(), now);
        REQUIRE(ledger);
        const auto pending = tests::start_async(loop, (*ledger)->append("action", members()));
        loop.poll();
        ledger->reset();
    }  // the waiting coroutine goes with the loop
    boost::asio::io_context loop;
    const auto now = [] { return std::int64_t{1}; };
    const auto again =
        DurableLedger::open(place.file("ledger"), *registry, loop.get_executor(), now);
    REQUIRE(again);
    CHECK((*again)->head().size == 1);
}

TEST_CASE("durable ledger: a cancelled wait says so, and the record stays", "[daemon][ledger]") {
    const tests::TemporaryDirectory place;
    Bench bench(place.path());
    const auto ledger = bench.opened();
    boost::asio::cancellation_signal cancel;
    std::optional<Result<std::uint64_t>> answer;
    const auto wait =
        [](DurableLedger& used,
           std::optional<Result<std::uint64_t>>& answered) -> boost::asio::awaitable<void> {
        auto index = co_await used.append("action", members());
        answered.emplace(std::move(index));
    };
    boost::asio::co_spawn(
        bench.loop, wait(*ledger, answer),
        boost::asio::bind_cancellation_slot(cancel.slot(), [](const std::exception_ptr&) {}));
    while (ledger->next_index() == 0)
        bench.loop.run_one();
    cancel.emit(boost::asio::cancellation_type::terminal);
    bench.loop.run();
    REQUIRE(answer);
    if (!*answer) CHECK(answer->error().code() == Code::timeout);
    const auto next = bench.run(ledger->append("action", members()));
    REQUIRE(next);
    CHECK(*next == 1);
}

TEST_CASE("durable ledger: a record that fits no bundle is refused and takes no index",
          "[daemon][ledger]") {
    const tests::TemporaryDirectory place;
    Bench bench(place.path());
    const auto ledger = bench.opened();
    const auto refused = bench.run(ledger->append("action", members(ledger::max_record)));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Code::invalid);
    CHECK_FALSE(ledger->failed());
    CHECK(ledger->next_index() == 0);
}

TEST_CASE("durable ledger: one that does not continue what the registry remembers is refused",
          "[daemon][ledger]") {
    const tests::TemporaryDirectory place;
    Bench bench(place.path());
    {
        const auto ledger = bench.opened();
        REQUIRE(bench.run(ledger->append("action", members())));
        REQUIRE(ledger->remember_head(*bench.registry));
    }
    SECTION("removed") {
        fs::remove_all(place.file("ledger"));
    }
    SECTION("edited, in a way that still reads well") {
        std::fstream file(place.file("ledger/tile/entries/000"),
                          std::ios::in | std::ios::out | std::ios::binary);
        file.seekg(0);
        const std::string content{std::istreambuf_iterator<char>(file), {}};
        file.clear();
        file.seekp(static_cast<std::streamoff>(content.find("xxx")));
        file << 'y';
    }
    const auto ledger = bench.open();
    REQUIRE_FALSE(ledger);
    CHECK(ledger.error().reason() == "ledger_edited");
}

TEST_CASE("durable ledger: what a start found is remembered for the next one", "[daemon][ledger]") {
    const tests::TemporaryDirectory place;
    Bench bench(place.path());
    REQUIRE(bench.run(bench.opened()->append("action", members())));
    REQUIRE(bench.open());
    fs::remove_all(place.file("ledger"));
    const auto ledger = bench.open();
    REQUIRE_FALSE(ledger);
    CHECK(ledger.error().reason() == "ledger_edited");
}

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
    auto opened = DurableLedger::open(directory, *registry, loop.get_executor(), now);
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
    auto again = DurableLedger::open(directory, *registry, loop.get_executor(), now);
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
    CHECK(bench.run(ledger->append("containment", members())));
    CHECK_FALSE(bench.run(ledger->resume()));
    fs::remove(place.file("ledger/reserve"));
    CHECK(bench.run(ledger->resume()));
    CHECK_FALSE(ledger->failed());
    CHECK(bench.run(ledger->append("action", members())));
}
