// Ledgers on a real disk: making, opening and damaging them.
#ifndef HOLDFAST_TESTS_SUPPORT_LEDGER_ON_DISK_H
#define HOLDFAST_TESTS_SUPPORT_LEDGER_ON_DISK_H

#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ledger/bundle.h"
#include "ledger/record.h"
#include "ledger/writer/log.h"
#include "tests/support/catch.h"

namespace holdfast::tests {

inline Bytes record(std::uint64_t index, std::size_t padding = 10) {
    ledger::Record made;
    made.type = "start";
    made.time = 1'700'000'000;
    made.index = index;
    made.members.emplace("text", encode::Json(std::string(padding, 'x')));
    auto bytes = ledger::encode_record(made);
    REQUIRE(bytes);
    return *bytes;
}

inline std::vector<Bytes> records(std::uint64_t from, std::uint64_t to) {
    std::vector<Bytes> made;
    for (std::uint64_t index = from; index < to; ++index)
        made.push_back(record(index));
    return made;
}

inline Done ignore(std::uint64_t, ByteView) {
    return done();
}

inline Result<ledger::Log> open_ledger(const std::string& directory,
                                       const std::optional<LedgerHead>& known = {},
                                       ledger::Disk disk = {}) {
    return ledger::Log::open(directory, known, ignore, std::move(disk));
}

// A ledger of `count` records, closed; its head.
inline LedgerHead make_ledger(const std::string& directory, std::uint64_t count) {
    auto log = open_ledger(directory);
    REQUIRE(log);
    REQUIRE(log->append(records(log->head().size, count)));
    return log->head();
}

inline std::string bundle(const std::string& directory, std::uint64_t number) {
    return directory + "/tile/entries/" + ledger::bundle_path(number);
}

inline std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_to(const std::string& path, const std::string& content) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_LEDGER_ON_DISK_H
