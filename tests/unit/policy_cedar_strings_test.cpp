#include "policy/cedar/strings.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::policy::cedar;

namespace {

std::string text_of(std::string_view raw) {
    const auto text = unescape(raw);
    return text ? *text : "refused: " + text.error().text();
}

bool is_like(std::string_view text, std::string_view raw) {
    const auto parts = pattern_parts(raw);
    REQUIRE(parts);
    return matches(*parts, text);
}

}  // namespace

TEST_CASE("cedar strings: every escape of Cedar", "[policy][cedar]") {
    CHECK(text_of(R"(\n\r\t\\\"\')") == "\n\r\t\\\"'");
    CHECK(text_of(R"(\0)") == std::string(1, '\0'));
    CHECK(text_of(R"(\x41\x7f)") == "A\x7f");
    CHECK(text_of(R"(\u{41}\u{e9}\u{20AC}\u{1F600}\u{10FFFF}\u{0_0_41_})") ==
          "A\u00e9\u20ac\U0001F600\U0010FFFFA");
    CHECK(text_of("a\nb") == "a\nb");
}

TEST_CASE("cedar strings: what is no escape is refused", "[policy][cedar]") {
    for (const char* raw :
         {R"(\q)",         R"(\*)",       R"(\ )",       "\\\n",       "\\",
          R"(\x)",         R"(\x4)",      R"(\x4g)",     R"(\x80)",    R"(\xff)",
          R"(\u41)",       R"(\u{})",     R"(\u{_41})",  R"(\u{___})", R"(\u{0000041})",
          R"(\u{110000})", R"(\u{d800})", R"(\u{dfff})", R"(\u{41)",   R"(\u{4g})",
          "a\rb"}) {
        INFO(raw);
        CHECK(text_of(raw).starts_with("refused: "));
    }
}

TEST_CASE("cedar strings: a pattern matches as Cedar's does", "[policy][cedar]") {
    CHECK(is_like("", ""));
    CHECK(is_like("", "*"));
    CHECK_FALSE(is_like("a", ""));
    CHECK(is_like("abc", "abc"));
    CHECK_FALSE(is_like("abcd", "abc"));
    CHECK(is_like("abc", "a*c"));
    CHECK(is_like("ac", "a*c"));
    CHECK_FALSE(is_like("a", "a*a"));
    CHECK(is_like("aa", "a*a"));
    CHECK(is_like("abab", "*ab"));
    CHECK(is_like("xaybz", "*a*b*"));
    CHECK_FALSE(is_like("xbyaz", "*a*b*"));
    CHECK(is_like("abcabcd", "a*bcd"));
    CHECK(is_like("a", "***a***"));
    CHECK(is_like("y\u0306", "y*"));
    CHECK(is_like("\u00e9", "*"));
    CHECK_FALSE(is_like("\u00e9", "*\u00a9"));
}

TEST_CASE("cedar strings: a star that is meant is escaped, and only so", "[policy][cedar]") {
    CHECK(is_like("a*b", R"(a\*b)"));
    CHECK_FALSE(is_like("axb", R"(a\*b)"));
    CHECK(is_like("axxb", R"(a\x2ab)"));
    CHECK(is_like("axxb", R"(a\u{2a}b)"));
    CHECK(is_like("**", R"(\**\*)"));
    CHECK_FALSE(pattern_parts(R"(a\q)"));
}

TEST_CASE("cedar strings: a hostile text costs its length times the pattern's", "[policy][cedar]") {
    std::string pattern;
    for (int i = 0; i < 300; ++i)
        pattern += "*aab";
    CHECK_FALSE(is_like(std::string(16UL * 1024, 'a'), pattern));
}
