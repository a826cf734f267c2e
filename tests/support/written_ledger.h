// WrittenLedger: a ledger on disk that a test writes record by record.
#ifndef HOLDFAST_TESTS_SUPPORT_WRITTEN_LEDGER_H
#define HOLDFAST_TESTS_SUPPORT_WRITTEN_LEDGER_H

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "core/encode/json.h"
#include "ledger/record.h"
#include "tests/support/catch.h"
#include "tests/support/ledger_on_disk.h"

namespace holdfast::tests {

class WrittenLedger {
  public:
    explicit WrittenLedger(const std::string& directory)
        : path_(directory), log_(opened(directory)) {}

    std::uint64_t add(const std::string& type, const encode::Json::Object& members) {
        ledger::Record record;
        record.type = type;
        record.time = 1767614401;  // 2026-01-05T12:00:01Z
        record.index = log_.head().size;
        record.members = members;
        const auto leaf = ledger::encode_record(record);
        REQUIRE(leaf);
        REQUIRE(log_.append(std::vector<Bytes>{*leaf}));
        return record.index;
    }
    const std::string& path() const { return path_; }

  private:
    static ledger::Log opened(const std::string& directory) {
        std::filesystem::create_directory(directory);
        auto log = open_ledger(directory);
        REQUIRE(log);
        return *std::move(log);
    }
    std::string path_;
    ledger::Log log_;
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_WRITTEN_LEDGER_H
