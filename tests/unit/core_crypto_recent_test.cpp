// Recent: the same bytes are read once, and what is remembered is bounded.
#include "core/crypto/recent.h"
#include "tests/support/catch.h"

using namespace holdfast;
using crypto::Recent;

namespace {

int reads = 0;

Result<std::size_t> size_unless_empty(ByteView bytes) {
    ++reads;
    if (bytes.empty()) return Error(Code::invalid, "empty");
    return bytes.size();
}

Bytes numbered(std::size_t number) {
    return {static_cast<std::uint8_t>(number), static_cast<std::uint8_t>(number >> 8)};
}

}  // namespace

TEST_CASE("recent: the same bytes are read once, others anew", "[crypto]") {
    Recent<std::size_t> recent;
    reads = 0;
    CHECK(*recent.read(Bytes{1, 2}, size_unless_empty) == 2);
    CHECK(*recent.read(Bytes{1, 2}, size_unless_empty) == 2);
    CHECK(reads == 1);
    CHECK(*recent.read(Bytes{1}, size_unless_empty) == 1);
    CHECK(*recent.read(Bytes{1, 3}, size_unless_empty) == 2);
    CHECK(reads == 3);
}

TEST_CASE("recent: a failure is not remembered", "[crypto]") {
    Recent<std::size_t> recent;
    reads = 0;
    CHECK_FALSE(recent.read(Bytes(), size_unless_empty));
    CHECK_FALSE(recent.read(Bytes(), size_unless_empty));
    CHECK(reads == 2);
    CHECK(recent.size() == 0);
}

TEST_CASE("recent: when full it starts anew, and what is long is not kept", "[crypto]") {
    using Sizes = Recent<std::size_t>;
    Sizes recent;
    for (std::size_t i = 0; i < Sizes::max_entries; ++i)
        REQUIRE(recent.read(numbered(i), size_unless_empty));
    CHECK(recent.size() == Sizes::max_entries);
    REQUIRE(recent.read(numbered(Sizes::max_entries), size_unless_empty));
    CHECK(recent.size() == 1);
    REQUIRE(recent.read(Bytes(Sizes::max_bytes), size_unless_empty));
    CHECK(recent.size() == 2);
    REQUIRE(recent.read(Bytes(Sizes::max_bytes + 1), size_unless_empty));
    CHECK(recent.size() == 2);
}
