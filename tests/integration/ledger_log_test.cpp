// The log on a real disk: what a crash and an edit leave, and what is made of it.
#include <cstdlib>
#include <filesystem>

#include "core/encode/base64.h"
#include "tests/support/catch.h"
#include "tests/support/ledger_on_disk.h"
#include "tests/support/temporary_directory.h"

using namespace holdfast;
namespace fs = std::filesystem;

TEST_CASE("log: what was appended is read back in order, with the same root", "[ledger][log]") {
    const tests::TemporaryDirectory place;
    const std::string directory = place.file("ledger");
    const LedgerHead head = tests::make_ledger(directory, 600);
    std::vector<Bytes> read;
    const auto keep = [&](std::uint64_t index, ByteView leaf) {
        REQUIRE(index == read.size());
        read.push_back(bytes_of(leaf));
        return done();
    };
    const auto log = ledger::Log::open(directory, head, keep);
    REQUIRE(log);
    CHECK(log->head() == head);
    CHECK(read == tests::records(0, 600));
    CHECK(fs::exists(tests::bundle(directory, 2)));
    CHECK_FALSE(fs::exists(tests::bundle(directory, 3)));
}

TEST_CASE("log: an independent reader finds the same records and the same root", "[ledger][log]") {
    const tests::TemporaryDirectory place;
    const std::string directory = place.file("ledger");
    const LedgerHead head = tests::make_ledger(directory, 777);
    const std::string judge = std::string(HOLDFAST_SOURCE_DIR) + "/tests/judges/ledger_root.py";
    const std::string answer = place.file("answer");
    const std::string command = "python3 '" + judge + "' '" + directory + "' >'" + answer + "'";
    REQUIRE(std::system(command.c_str()) == 0);
    CHECK(tests::content_of(answer) == "777 " + encode::hex(head.root) + "\n");
}

TEST_CASE("log: a bundle holds 256 records, the next goes to the next file", "[ledger][log]") {
    const tests::TemporaryDirectory place;
    const std::string directory = place.file("ledger");
    tests::make_ledger(directory, 256);
    CHECK_FALSE(fs::exists(tests::bundle(directory, 1)));
    const LedgerHead head = tests::make_ledger(directory, 257);
    CHECK(fs::exists(tests::bundle(directory, 1)));
    CHECK(tests::open_ledger(directory, head));
}

TEST_CASE("log: a second process cannot write", "[ledger][log]") {
    const tests::TemporaryDirectory place;
    const auto first = tests::open_ledger(place.file("ledger"));
    REQUIRE(first);
    const auto second = tests::open_ledger(place.file("ledger"));
    REQUIRE_FALSE(second);
    CHECK(second.error().code() == Code::conflict);
}

TEST_CASE("log: torn at every byte of its last record, it opens without it and goes on",
          "[ledger][log]") {
    const tests::TemporaryDirectory place;
    const std::string directory = place.file("ledger");
    const LedgerHead before = tests::make_ledger(directory, 4);
    const auto whole_size = fs::file_size(tests::bundle(directory, 0));
    tests::make_ledger(directory, 5);
    const std::string whole = tests::content_of(tests::bundle(directory, 0));
    const bool zeros_follow = GENERATE(false, true);
    for (std::size_t size = whole_size; size < whole.size(); ++size) {
        INFO("bytes kept: " << size << ", zeros follow: " << zeros_follow);
        std::string torn = whole.substr(0, size);
        if (zeros_follow) torn.resize(whole.size() + 4096, '\0');
        tests::write_to(tests::bundle(directory, 0), torn);
        auto log = tests::open_ledger(directory);
        REQUIRE(log);
        CHECK(log->head() == before);
        CHECK(log->torn_bytes() == torn.size() - whole_size);
        REQUIRE(log->append(tests::records(4, 5)));
        REQUIRE(tests::content_of(tests::bundle(directory, 0)) == whole);
    }
}

TEST_CASE("log: an edit is found and named, wherever it is", "[ledger][log]") {
    const tests::TemporaryDirectory place;
    const std::string directory = place.file("ledger");
    const LedgerHead head = tests::make_ledger(directory, 300);
    const std::string first = tests::bundle(directory, 0);
    const std::string newest = tests::bundle(directory, 1);
    std::string content = tests::content_of(first);
    const std::size_t entry = content.size() / 256;
    std::string named = "tile/entries/000";

    SECTION("a record's index") {
        const auto at = content.find("\"index\":7");
        content[at + 8] = '8';
        tests::write_to(first, content);
    }
    SECTION("a record swapped with its neighbour") {
        tests::write_to(first, content.substr(entry, entry) + content.substr(0, entry) +
                                   content.substr(2 * entry));
    }
    SECTION("a record removed") {
        tests::write_to(first, content.substr(entry));
    }
    SECTION("a full bundle cut short") {
        tests::write_to(first, content.substr(0, content.size() - 1));
    }
    SECTION("bytes after a full bundle") {
        tests::write_to(first, content + "x");
    }
    SECTION("a bundle missing") {
        fs::remove(first);
    }
    SECTION("a word of the text: only a remembered head can tell") {
        const auto at = content.find("xxxxx", content.size() / 2);
        content[at] = 'y';
        tests::write_to(first, content);
        CHECK(tests::open_ledger(directory));
        named = "tile/entries/001";  // where the remembered head is reached
    }
    SECTION("a length in the newest bundle, so that the rest would look torn") {
        content = tests::content_of(newest);
        content[0] = 0x10;
        tests::write_to(newest, content);
        named = "tile/entries/001 at byte 0";
    }
    SECTION("records cut off at the end: only a remembered head can tell") {
        fs::remove(newest);
        CHECK(tests::open_ledger(directory));
        named = "300 are remembered";
    }
    const auto log = tests::open_ledger(directory, head);
    REQUIRE_FALSE(log);
    CHECK(log.error().reason() == "ledger_edited");
    CHECK_THAT(log.error().text(), Catch::Matchers::Contains(named));
}
