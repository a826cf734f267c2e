#include "core/encode/base64.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::encode;

TEST_CASE("base64: the vectors of RFC 4648 read and write", "[core][encode]") {
    const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                           {"f", "Zg=="},
                                                           {"fo", "Zm8="},
                                                           {"foo", "Zm9v"},
                                                           {"foob", "Zm9vYg=="},
                                                           {"fooba", "Zm9vYmE="},
                                                           {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, text] : vectors) {
        CHECK(base64(view_of(plain)) == text);
        CHECK(from_base64(text).operator*() == bytes_of(view_of(plain)));
    }
}

TEST_CASE("base64url: no padding, its own two characters", "[core][encode]") {
    const Bytes bytes{0xfb, 0xff, 0xbf, 0x01};
    CHECK(base64(bytes) == "+/+/AQ==");
    CHECK(base64url(bytes) == "-_-_AQ");
    CHECK(*from_base64url("-_-_AQ") == bytes);
}

TEST_CASE("base64: one text per value, everything else is refused", "[core][encode]") {
    for (const char* text : {"Zg", "Zg=", "Zg===", "Z===", "====", "=", "Zh==", "Zm9=", "Zm 8",
                             "Zm8=\n", "Zm8-", "Zg==Zg==", "Zm=v"})
        CHECK_FALSE(from_base64(text));
    for (const char* text : {"Z", "Zg==", "Zh", "Zm9", "Zm8+", "Zm8/", "Zm 8", "Zm8v\n", "Zm8vZ"})
        CHECK_FALSE(from_base64url(text));
}

TEST_CASE("base64: every length comes back", "[core][encode]") {
    Bytes bytes;
    for (std::size_t size = 0; size < 70; ++size) {
        CHECK(*from_base64(base64(bytes)) == bytes);
        CHECK(*from_base64url(base64url(bytes)) == bytes);
        CHECK(*from_hex(hex(bytes)) == bytes);
        bytes.push_back(static_cast<std::uint8_t>(size * 37 + 201));
    }
}

TEST_CASE("hex: lower case, whole bytes, nothing else", "[core][encode]") {
    CHECK(hex(Bytes{0x00, 0xab, 0xff}) == "00abff");
    for (const char* text : {"a", "0A", "0g", "0x00", " 00", "00 "})
        CHECK_FALSE(from_hex(text));
}

TEST_CASE("hex: a SHA-256 has exactly 64 digits", "[core][encode]") {
    const std::string digits(64, 'a');
    CHECK(sha256_from_hex(digits));
    CHECK_FALSE(sha256_from_hex(digits.substr(2)));
    CHECK_FALSE(sha256_from_hex(digits + "aa"));
    CHECK_FALSE(sha256_from_hex(std::string(64, 'A')));
}
