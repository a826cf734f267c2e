// The ledger port on a real disk, driven by a real event loop.
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <filesystem>
#include <fstream>

#include "ledger/record.h"
#include "tests/support/catch.h"
#include "tests/support/durable_ledger_bench.h"
#include "tests/support/temporary_directory.h"

using namespace holdfast;
using daemon::DurableLedger;
using tests::Bench;
using tests::members;
namespace fs = std::filesystem;

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
    CHECK(ledger->head().size == 0);  // only what is durable, and the loop has heard of
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

TEST_CASE("durable ledger: a loop that ends while records are on their way loses none",
          "[daemon][ledger]") {
    const tests::TemporaryDirectory place;
    auto registry = daemon::Registry::open(place.file("registry.db"));
    REQUIRE(registry);
    {
        boost::asio::io_context loop;
        const auto now = [] { return std::int64_t{1}; };
        auto ledger = DurableLedger::open(place.file("ledger"), *registry, loop.get_executor(), now,
                                          tests::unread);
        REQUIRE(ledger);
        const auto pending = tests::start_async(loop, (*ledger)->append("action", members()));
        loop.poll();
        ledger->reset();
    }  // the waiting coroutine goes with the loop
    boost::asio::io_context loop;
    const auto now = [] { return std::int64_t{1}; };
    const auto again = DurableLedger::open(place.file("ledger"), *registry, loop.get_executor(),
                                           now, tests::unread);
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

TEST_CASE("durable ledger: whoever opens it is given every record, in order", "[daemon][ledger]") {
    const tests::TemporaryDirectory place;
    Bench bench(place.path());
    {
        const auto ledger = bench.opened();
        for (std::size_t size = 1; size <= 300; ++size)  // more than one bundle
            REQUIRE(bench.run(ledger->append("refused", members(size))));
    }
    std::uint64_t next = 0;
    const auto opened = bench.open([&](const ledger::Record& record) {
        CHECK(record.index == next++);
        CHECK(record.type == "refused");
        CHECK(record.members.at("text").string()->size() == next);
        return done();
    });
    REQUIRE(opened);
    CHECK(next == 300);
}

TEST_CASE("durable ledger: a record that its reader refuses keeps it closed", "[daemon][ledger]") {
    const tests::TemporaryDirectory place;
    Bench bench(place.path());
    {
        const auto ledger = bench.opened();
        REQUIRE(bench.run(ledger->append("refused", members())));
        REQUIRE(bench.run(ledger->append("action", members())));
    }
    const auto opened = bench.open([](const ledger::Record& record) {
        return record.type == "action" ? Done(Error(Code::invalid, "too odd")) : done();
    });
    REQUIRE_FALSE(opened);
    CHECK(opened.error().text().find("record 1: too odd") != std::string::npos);
}
