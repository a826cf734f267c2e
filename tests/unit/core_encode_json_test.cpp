#include "core/encode/json.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::encode;

namespace {

std::string refusal(std::string_view text) {
    const auto json = parse_json(text);
    return json ? "accepted: " + canonical(*json) : json.error().text();
}

std::string nested(std::size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
}

}  // namespace

TEST_CASE("json: what is read is written back canonically", "[core][encode]") {
    const auto json =
        parse_json(" { \"b\" : [ 1 , true , null , \"x\\u0041\" ] , \"a\" : { } } \n");
    REQUIRE(json);
    CHECK(canonical(*json) == R"({"a":{},"b":[1,true,null,"xA"]})");
    CHECK(*json->find("b")->array()->at(0).integer() == 1);
    CHECK(json->find("c") == nullptr);
    CHECK(json->find("b")->find("a") == nullptr);
}

TEST_CASE("json: two members of one name are refused, however they are written", "[core][encode]") {
    CHECK(refusal(R"({"a":1,"a":1})").find("duplicate") != std::string::npos);
    CHECK(refusal(R"({"a":1,"\u0061":2})").find("duplicate") != std::string::npos);
    CHECK(refusal(R"({"x":{"a":1,"b":{},"a":2}})").find("duplicate") != std::string::npos);
    CHECK(parse_json(R"({"a":{"a":1},"b":{"a":1}})"));
}

TEST_CASE("json: integers only, within 2^53-1, and no -0", "[core][encode]") {
    for (const char* text : {"0", "-1", "9007199254740991", "-9007199254740991"}) {
        const auto json = parse_json(text);
        REQUIRE(json);
        CHECK(canonical(*json) == text);
    }
    for (const char* text : {"9007199254740992",
                             "-9007199254740992",
                             "9223372036854775807",
                             "18446744073709551615",
                             "18446744073709551616",
                             "123456789012345678901234567890",
                             "-0",
                             "0.0",
                             "-0.0",
                             "1.0",
                             "1e2",
                             "1E+2",
                             "-0e1",
                             "01",
                             "-01",
                             "+1",
                             "1.",
                             ".1",
                             "NaN",
                             "Infinity",
                             "0x1",
                             "-"})
        CHECK_FALSE(parse_json(text));
}

TEST_CASE("json: a long number and a long string come back whole", "[core][encode]") {
    const std::string text =
        "[" + std::string(20000, ' ') + "-9007199254740991,\"" + std::string(30000, 'x') + "\\n\"]";
    const auto json = parse_json(text);
    REQUIRE(json);
    CHECK(*json->array()->at(0).integer() == -max_json_integer);
    CHECK(json->array()->at(1).string()->size() == 30001);
}

TEST_CASE("json: only UTF-8, and no half surrogates", "[core][encode]") {
    for (const char* text :
         {"\"\x80\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xff\"",
          "\"\xe2\x82\"", R"("\ud800")", R"("\udc00")", R"("\ud800\u0041")", R"("\ud800x")",
          "{\"\xff\":1}", R"({"\ud800":1})"})
        CHECK_FALSE(parse_json(text));
    CHECK(canonical(*parse_json(R"("\ud83d\ude02")")) == "\"\xf0\x9f\x98\x82\"");
    CHECK(parse_json("\"a\\u0000b\"")->string()->size() == 3);
}

TEST_CASE("json: one value, the whole text, no extensions", "[core][encode]") {
    for (const char* text : {"",           " ",        "{",       "[1",
                             "{}{}",       "{} x",     "[] ,",    "[1,]",
                             "{\"a\":1,}", "{a:1}",    "'a'",     "/**/1",
                             "1 //x",      "\"a\nb\"", "\"\\x\"", "\xef\xbb\xbf{}",
                             "tru",        "nulll",    "[1 2]",   "{\"a\" 1}",
                             "{1:2}",      "\"a"})
        CHECK_FALSE(parse_json(text));
    CHECK_FALSE(parse_json(std::string_view("{}\0", 3)));
}

TEST_CASE("json: depth and size are bounded, at the bound and one past it", "[core][encode]") {
    CHECK(parse_json(nested(max_json_depth)));
    CHECK(refusal(nested(max_json_depth + 1)).find("deep") != std::string::npos);
    CHECK_FALSE(parse_json(std::string(60000, '[')));
    CHECK(parse_json("[1,2]", 5));
    CHECK_FALSE(parse_json("[1,2]", 4));
    CHECK(parse_json('"' + std::string(max_request_body - 2, 'x') + '"'));
    CHECK_FALSE(parse_json('"' + std::string(max_request_body - 1, 'x') + '"'));
}

TEST_CASE("json: members are ordered by UTF-16 code units (RFC 8785, 3.2.3)", "[core][encode]") {
    // The standard's own example; the digits are replaced by what stands beside them there.
    const auto json = parse_json(
        "{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew Letter Dalet "
        "With "
        "Dagesh\",\"1\":\"One\",\"\\ud83d\\ude00\":\"Emoji: Grinning "
        "Face\",\"\\u0080\":\"Control\","
        "\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}");
    REQUIRE(json);
    const std::string text = canonical(*json);
    std::size_t last = 0;
    for (const char* value : {"Carriage Return", "One", "Control", "Latin Small", "Euro Sign",
                              "Emoji: Grinning", "Hebrew Letter"}) {
        const std::size_t at = text.find(value);
        REQUIRE(at != std::string::npos);
        CHECK(at > last);
        last = at;
    }
}

TEST_CASE("json: a shorter name comes before the name it begins", "[core][encode]") {
    CHECK(canonical(*parse_json(R"({"aa":1,"a":2,"":3})")) == R"({"":3,"a":2,"aa":1})");
}

TEST_CASE("json: strings are escaped as RFC 8785 3.2.2.2 says", "[core][encode]") {
    const auto json =
        parse_json(R"("\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/\b\f\t\r\u001f\u007f")");
    REQUIRE(json);
    CHECK(canonical(*json) ==
          "\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\\b\\f\\t\\r\\u001f\x7f\"");
}

TEST_CASE("json: whatever is written can be read again", "[core][encode]") {
    const std::string text =
        canonical(Json(std::string_view("/tmp/\xff\xe2\x82/x\xed\xa0\x80", 13)));
    const auto json = parse_json(text);
    REQUIRE(json);
    CHECK(json->string()->starts_with("/tmp/\xef\xbf\xbd"));
    CHECK(json->string()->find("/x") != std::string::npos);
}

TEST_CASE("json: the number of values is bounded where a caller says so", "[core][encode]") {
    // The array, its object, and two values in it.
    const std::string text = R"([{"a":1,"b":"x"}])";
    CHECK(parse_json(text, text.size(), 4));
    CHECK_FALSE(parse_json(text, text.size(), 3));
    CHECK(parse_json(text));
}
