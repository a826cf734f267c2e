// A durable ledger on a real disk, driven by an event loop of the test's.
#ifndef HOLDFAST_TESTS_SUPPORT_DURABLE_LEDGER_BENCH_H
#define HOLDFAST_TESTS_SUPPORT_DURABLE_LEDGER_BENCH_H

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "daemon/state/durable_ledger.h"
#include "tests/support/catch.h"
#include "tests/support/run_async.h"

namespace holdfast::tests {

// For a ledger whose records nobody wants to see again.
inline const daemon::DurableLedger::Fold unread = [](const ledger::Record&) { return done(); };

// A registry, a loop, and ledgers opened over both.
struct Bench {
    explicit Bench(std::string state) : directory(std::move(state)) {
        auto opened = daemon::Registry::open(directory + "/registry.db");
        REQUIRE(opened);
        registry.emplace(*std::move(opened));
    }
    Result<std::unique_ptr<daemon::DurableLedger>> open(
        const daemon::DurableLedger::Fold& fold = unread) {
        return daemon::DurableLedger::open(
            directory + "/ledger", *registry, loop.get_executor(),
            [] { return std::int64_t{1'700'000'000}; }, fold);
    }
    std::unique_ptr<daemon::DurableLedger> opened() {
        auto ledger = open();
        REQUIRE(ledger);
        return *std::move(ledger);
    }
    template <class T>
    Result<T> run(daemon::Async<T> operation) {
        return run_async(loop, std::move(operation));
    }

    std::string directory;
    std::optional<daemon::Registry> registry;
    boost::asio::io_context loop;
};

inline encode::Json::Object members(std::size_t size = 10) {
    return {{"text", std::string(size, 'x')}};
}

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_DURABLE_LEDGER_BENCH_H
