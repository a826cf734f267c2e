#include "ledger/bundle.h"
#include "tests/support/catch.h"

using namespace holdfast;

namespace {

Bytes record(std::uint64_t index) {
    ledger::Record made;
    made.type = "start";
    made.index = index;
    auto bytes = ledger::encode_record(made);
    REQUIRE(bytes);
    return *bytes;
}

}  // namespace

TEST_CASE("bundle: paths are those of tlog-tiles, and one number has one path",
          "[ledger][bundle]") {
    CHECK(ledger::bundle_path(0) == "000");
    CHECK(ledger::bundle_path(999) == "999");
    CHECK(ledger::bundle_path(1000) == "x001/000");
    CHECK(ledger::bundle_path(1234067) == "x001/x234/067");  // the specification's own example
    for (const std::uint64_t number : {0UL, 7UL, 999UL, 1000UL, 999999UL, 1000000UL, 1234067UL})
        CHECK(ledger::bundle_number(ledger::bundle_path(number)) == number);
    for (const auto* const other : {"", "0", "0000", "x000/001", "001.p", "x001/00", "x001/x000",
                                    "x001//000", "000/000", "/000", "000~", "reserve"})
        CHECK_FALSE(ledger::bundle_number(other));
}

TEST_CASE("bundle: entries are length-prefixed, big-endian", "[ledger][bundle]") {
    Bytes bundle;
    const Bytes long_one(0x0102, 'x');
    ledger::append_entry(bundle, long_one);
    REQUIRE(bundle.size() == 2 + 0x0102);
    CHECK(bundle[0] == 0x01);
    CHECK(bundle[1] == 0x02);
    const auto entry = ledger::entry_at(bundle, 0);
    REQUIRE(entry);
    CHECK(bytes_of(*entry) == long_one);
}

TEST_CASE("bundle: every beginning of an entry is a torn tail, zeros after it too",
          "[ledger][bundle]") {
    Bytes bundle;
    ledger::append_entry(bundle, record(0));
    for (std::size_t kept = 0; kept < bundle.size(); ++kept) {
        Bytes torn(bundle.begin(), bundle.begin() + static_cast<std::ptrdiff_t>(kept));
        INFO("bytes kept: " << kept);
        if (kept > 0) CHECK_FALSE(ledger::entry_at(torn, 0));
        CHECK(ledger::is_torn_tail(torn));
        torn.resize(bundle.size() + 100);  // blocks that were never written
        CHECK_FALSE(ledger::entry_at(torn, 0));
        CHECK(ledger::is_torn_tail(torn));
    }
    CHECK(ledger::entry_at(bundle, 0));
}

TEST_CASE("bundle: an edited length is not taken for a torn tail", "[ledger][bundle]") {
    Bytes bundle;
    ledger::append_entry(bundle, record(0));
    SECTION("swallowing the next record") {
        ledger::append_entry(bundle, record(1));
        bundle[0] = 0x40;
    }
    SECTION("of a whole last record") {
        bundle[0] = 0x40;
    }
    SECTION("beyond any record") {
        bundle[0] = 0xff;
    }
    SECTION("zero") {
        bundle[0] = 0;
        bundle[1] = 0;
    }
    CHECK_FALSE(ledger::entry_at(bundle, 0));
    CHECK_FALSE(ledger::is_torn_tail(bundle));
}
