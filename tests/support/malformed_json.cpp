// What is wrong with a body: JSON that others would read differently, and values of another shape.
#include "tests/support/malformed.h"

namespace holdfast::test {
namespace {

constexpr const char* malformed = "malformed_request";

std::string post(const BodyRoute& route, const std::string& body) {
    return "POST " + route.path +
           " HTTP/1.1\r\nHost: holdfast\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string padded(std::string body, std::size_t size) {
    body.append(size - body.size(), ' ');
    return body;
}

std::string nested(std::size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
}

// One value where a route wants another, written in every way JSON does not allow or we do not.
std::vector<Malformed> bad_values(const BodyRoute& route, const std::string& before,
                                  const std::string& after) {
    const auto row = [&](const char* what, const std::string& value, const char* detail) {
        return Malformed{"JSON", what, post(route, before + value + after), 400, malformed, detail};
    };
    using namespace std::string_literals;
    // before opens one level, so this many more make max_json_depth.
    constexpr std::size_t levels = 15;
    return {
        row("17 levels", nested(levels + 1), "nested too deeply"),
        row("thousands of levels", std::string(3000, '['), "nested too deeply"),
        row("30 digits", std::string(30, '9'), "integers"),
        row("2^53", "9007199254740992", "out of range"),
        row("-2^53", "-9007199254740992", "out of range"),
        row("2^64", "18446744073709551616", "integers"),
        row("a number beyond a double", "1e400", ""),
        row("a fraction", "1.5", "integers"),
        row("an exponent", "1e2", "integers"),
        row("minus zero", "-0", "-0"),
        row("a leading zero", "01", ""),
        row("a plus", "+1", ""),
        row("not a number", "NaN", ""),
        row("infinity", "Infinity", ""),
        row("hex", "0x10", ""),
        row("a byte that begins nothing", "\"\xff\"", ""),
        row("a lone continuation", "\"\x80\"", ""),
        row("half a character", "\"\xc3\"", ""),
        row("a slash in two bytes", "\"\xc0\xaf\"", ""),
        row("a surrogate in UTF-8", "\"\xed\xa0\x80\"", ""),
        row("beyond Unicode", "\"\xf4\x90\x80\x80\"", ""),
        row("half a surrogate pair", "\"\\ud800\"", ""),
        row("its other half", "\"\\udc00\"", ""),
        row("NUL in a string", "\"\0\""s, ""),
        row("a line break in a string", "\"\n\"", ""),
        row("an unknown escape", "\"\\x41\"", ""),
        row("single quotes", "'a'", ""),
        row("a name twice, inside", R"({"a":1,"a":1})", "duplicate"),
        row("a name twice, escaped once", R"({"a":1,"\u0061":1})", "duplicate"),
        row("a comma at the end", R"({"a":1,})", ""),
        row("a comment", "1/**/", ""),
        row("nothing", "", ""),
    };
}

// Another shape altogether.
std::vector<Malformed> bad_documents(const BodyRoute& route) {
    const auto row = [&](const char* what, const std::string& body) {
        return Malformed{"JSON", what, post(route, body), 400, malformed, ""};
    };
    return {
        row("an array", "[]"),
        row("a string", "\"{}\""),
        row("a number", "1"),
        row("null", "null"),
        row("an open end", "{"),
        row("two values", "{}{}"),
        row("white space only", "   "),
        row("a byte order mark", "\xef\xbb\xbf{}"),
        row("no JSON", "action=refund.create"),
        row("unknown members", R"({"colour":"red"})"),
        row("a name that is no string", R"({1:2})"),
    };
}

void append(std::vector<Malformed>& all, std::vector<Malformed> more) {
    for (auto& row : more)
        all.push_back(std::move(row));
}

}  // namespace

std::vector<Malformed> bad_actions(const std::string& audience) {
    const std::string ask = R"({"action":"refund.create","audience":")" + audience + "\"";
    const auto row = [&](const char* what, const std::string& body) {
        return Malformed{"member", what, post(actions, body), 400, malformed, ""};
    };
    std::vector<Malformed> all = bad_documents(actions);
    append(all, bad_values(actions, ask + ",\"params\":", "}"));
    append(
        all,
        {
            row("an action that is a number", R"({"action":1,"audience":"https://a.example"})"),
            row("an action that is null", R"({"action":null,"audience":"https://a.example"})"),
            row("an action that is a list", R"({"action":["a"],"audience":"https://a.example"})"),
            row("no audience", R"({"action":"refund.create"})"),
            row("params that are a list", ask + R"(,"params":[]})"),
            row("params that are a string", ask + R"(,"params":"{}"})"),
            row("params of nine levels", ask + R"(,"params":{"a":)" + nested(8) + "}}"),
            row("params beyond 16 KiB",
                ask + R"(,"params":{"a":")" + std::string(16384, 'x') + "\"}}"),
            row("params and their digest",
                ask + R"(,"params":{},"params_sha256":")" + std::string(64, 'a') + "\"}"),
            row("a digest of 63 digits",
                ask + R"(,"params_sha256":")" + std::string(63, 'a') + "\"}"),
            row("an action of 129 bytes",
                R"({"action":")" + std::string(129, 'a') + R"(","audience":"https://a.example"})"),
            row("an action in capitals", R"({"action":"REFUND","audience":"https://a.example"})"),
            row("the same member twice", ask + R"(,"action":"refund.create"})"),
        });
    for (Malformed signs :
         {Malformed{"bound", "a body of exactly 64 KiB",
                    post(actions, padded(ask + "}", actions.max_body)), 200, "", ""},
          Malformed{"bound", "params of eight levels",
                    post(actions, ask + R"(,"params":{"a":)" + nested(7) + "}}"), 200, "", ""},
          Malformed{"bound", "2^53 - 1",
                    post(actions, ask + R"(,"params":{"a":9007199254740991}})"), 200, "", ""}}) {
        signs.costly = true;
        all.push_back(std::move(signs));
    }
    return all;
}

std::vector<Malformed> bad_applies() {
    std::vector<Malformed> all = bad_documents(apply);
    append(all, bad_values(apply, "{\"dry_run\":", "}"));
    all.push_back({"bound", "16 levels, and then the wrong type",
                   post(apply, "{\"dry_run\":" + nested(15) + "}"), 400, malformed, "dry_run"});
    all.push_back({"member", "a number for a yes", post(apply, "{\"dry_run\":1}"), 400, malformed,
                   "dry_run"});
    Malformed reads{"bound",
                    "a body of exactly 4 KiB",
                    post(apply, padded("{\"dry_run\":true}", apply.max_body)),
                    200,
                    "",
                    ""};
    reads.costly = true;
    all.push_back(std::move(reads));
    return all;
}

}  // namespace holdfast::test
