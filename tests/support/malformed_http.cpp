// What is wrong before the body matters: framing, sizes, heads, ends, and things attached.
#include <random>
#include <string_view>

#include "tests/support/malformed.h"

namespace holdfast::test {
namespace {

constexpr std::size_t max_head = 8UL * 1024;
constexpr const char* malformed = "malformed_request";

const std::string get = "GET /v1/openapi.json HTTP/1.1\r\n";
const std::string host = "Host: holdfast\r\n";
const std::string json = "Content-Type: application/json\r\n";
const std::string proper = get + host + "\r\n";

// The head of a POST of so many bytes.
std::string post(const BodyRoute& route, std::size_t length) {
    return "POST " + route.path + " HTTP/1.1\r\n" + host + json +
           "Content-Length: " + std::to_string(length) + "\r\n\r\n";
}

// A head of exactly that many bytes.
std::string head_of(std::size_t size) {
    const std::string start = get + host + "X-A: ";
    return start + std::string(size - start.size() - 4, 'x') + "\r\n\r\n";
}

std::vector<Malformed> sizes() {
    return {
        {"size", "a head of exactly 8 KiB", head_of(max_head), 200, "", ""},
        {"size", "a head of one byte more", head_of(max_head + 1), 431, "head_too_large", ""},
        {"size", "a head without an end", get + std::string(max_head, 'x'), 431, "head_too_large",
         ""},
        {"size", "a body where none belongs", get + host + json + "Content-Length: 1\r\n\r\n ", 413,
         "body_too_large", ""},
        {"size", "a length beyond 64 bits",
         get + host + json + "Content-Length: 99999999999999999999\r\n\r\n", 400, malformed, ""},
        {"size", "a length of 2^63",
         get + host + json + "Content-Length: 9223372036854775808\r\n\r\n", 413, "body_too_large",
         ""},
        {"size", "five hundred header lines",
         [] {
             std::string head = get + host;
             for (int i = 0; i < 500; ++i)
                 head += "X: 1\r\n";
             return head + "\r\n";
         }(),
         200, "", ""},
    };
}

std::vector<Malformed> lengths() {
    const std::string start = get + host + json;
    const auto row = [&](const char* what, const std::string& lines) {
        return Malformed{"framing", what, start + lines + "\r\n{}", 400, malformed, ""};
    };
    return {
        row("two lengths that differ", "Content-Length: 2\r\nContent-Length: 3\r\n"),
        row("two lengths that agree", "Content-Length: 2\r\nContent-Length: 2\r\n"),
        row("a list of lengths", "Content-Length: 2, 2\r\n"),
        row("a negative length", "Content-Length: -1\r\n"),
        row("a length with a sign", "Content-Length: +2\r\n"),
        row("a length in hex", "Content-Length: 0x2\r\n"),
        row("an empty length", "Content-Length: \r\n"),
        row("a length in words", "Content-Length: two\r\n"),
        {"framing", "chunks", start + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501,
         "transfer_encoding", ""},
        {"framing", "chunks and a length",
         start + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", 501,
         "transfer_encoding", ""},
        {"framing", "an unknown coding", start + "Transfer-Encoding: x\r\n\r\n", 501,
         "transfer_encoding", ""},
        {"framing", "two requests at once", proper + proper, 400, malformed, "bytes after"},
        {"framing", "a request and a byte", proper + "G", 400, malformed, "bytes after"},
        {"framing", "an empty line after it", proper + "\r\n", 400, malformed, "bytes after"},
    };
}

std::vector<Malformed> heads() {
    const auto row = [](const char* what, const std::string& head) {
        return Malformed{"head", what, head, 400, malformed, ""};
    };
    using namespace std::string_literals;
    return {
        row("no Host", get + "\r\n"),
        row("two Hosts", get + host + host + "\r\n"),
        row("two Content-Types", get + host + json + json + "\r\n"),
        row("two Expects", get + host + "Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n"),
        row("a line that ends without CR", "GET /v1/openapi.json HTTP/1.1\n" + host + "\r\n"),
        row("a folded line", get + host + "X-A: 1\r\n 2\r\n\r\n"),
        row("a line folded by a tab", get + host + "X-A: 1\r\n\t2\r\n\r\n"),
        row("NUL in a header", get + host + "X-A: \0\r\n\r\n"s),
        row("NUL in the target", "GET /v1/\0 HTTP/1.1\r\n"s + host + "\r\n"),
        row("a blank before the colon", get + host + "X-A : 1\r\n\r\n"),
        row("a line without a colon", get + host + "X-A\r\n\r\n"),
        row("a header without a name", get + host + ": 1\r\n\r\n"),
        row("a control character in a header", get + host + "X-A: \x01\r\n\r\n"),
        row("a space in a header's name", get + host + "X A: 1\r\n\r\n"),
        row("no target", "GET HTTP/1.1\r\n" + host + "\r\n"),
        row("two spaces", "GET  /v1/openapi.json HTTP/1.1\r\n" + host + "\r\n"),
        row("an empty line first", "\r\n" + proper),
        row("no method", " /v1/openapi.json HTTP/1.1\r\n" + host + "\r\n"),
        {"head", "HTTP/1.0", "GET /v1/openapi.json HTTP/1.0\r\n" + host + "\r\n", 505,
         "http_version", ""},
        {"head", "HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "http_version", ""},
        {"head", "another expectation", get + host + "Expect: magic\r\n\r\n", 417,
         "expectation_failed", ""},
    };
}

std::vector<Malformed> targets() {
    const auto row = [](const char* what, const std::string& target) {
        return Malformed{"target", what,        "GET " + target + " HTTP/1.1\r\n" + host + "\r\n",
                         404,      "not_found", ""};
    };
    return {
        row("no such path", "/v1/nothing"),
        row("a query", "/v1/openapi.json?a=b"),
        row("dots in a path", "/v1/../v1/openapi.json"),
        row("percent signs", "/v1/%6fpenapi.json"),
        row("a whole URI", "http://holdfast/v1/openapi.json"),
        row("a star", "*"),
        row("bytes beyond ASCII", "/v1/\xc3\xbc"),
        {"target", "another method", "DELETE /v1/openapi.json HTTP/1.1\r\n" + host + "\r\n", 405,
         "method_not_allowed", ""},
        {"target", "a method in lower case", "get /v1/openapi.json HTTP/1.1\r\n" + host + "\r\n",
         405, "method_not_allowed", ""},
    };
}

std::vector<Malformed> bodies(const BodyRoute& route) {
    const std::string form =
        "POST " + route.path + " HTTP/1.1\r\n" + host +
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=b";
    const std::string too_long(route.max_body + 1, ' ');
    return {
        {"body", "one byte too long, only said", post(route, route.max_body + 1), 413,
         "body_too_large", ""},
        {"body", "one byte too long, and sent", post(route, route.max_body + 1) + too_long, 413,
         "body_too_large", ""},
        {"body", "a form", form, 415, "unsupported_media_type", ""},
        {"body", "shorter than said", post(route, 10) + "{}", 400, malformed, "ends early",
         Manner::half_closed},
        {"body", "longer than said", post(route, 2) + "{}{}", 400, malformed, "bytes after"},
        {"body", "gone within it", post(route, route.max_body) + "{", 0, "", "", Manner::abandoned},
        {"body", "a descriptor within it", post(route, 10) + "{", 400, malformed, "descriptors",
         Manner::descriptors},
    };
}

std::vector<Malformed> ends() {
    return {
        {"end", "nothing at all", "", 0, "", "", Manner::half_closed},
        {"end", "half a head", get + "Ho", 400, malformed, "ends early", Manner::half_closed},
        {"end", "no more after a proper request", proper, 200, "", "", Manner::half_closed},
        {"end", "gone before it spoke", "", 0, "", "", Manner::abandoned},
        {"end", "gone within the head", get, 0, "", "", Manner::abandoned},
        {"end", "gone before the answer", proper, 0, "", "", Manner::abandoned},
        {"attached", "a descriptor", proper, 400, malformed, "descriptors", Manner::descriptors},
        {"attached", "253 descriptors", proper, 400, malformed, "descriptors",
         Manner::descriptors_in_bulk},
        {"attached", "a descriptor to half a head", get, 400, malformed, "descriptors",
         Manner::descriptors},
    };
}

void append(std::vector<Malformed>& all, std::vector<Malformed> more) {
    for (auto& row : more)
        all.push_back(std::move(row));
}

// Bytes of any value but these.
std::string random_bytes(std::mt19937& random, std::size_t size, std::string_view but) {
    std::uniform_int_distribution<int> value(0, 255);
    std::string bytes;
    while (bytes.size() < size) {
        const char byte = static_cast<char>(value(random));
        if (but.find(byte) == std::string_view::npos) bytes.push_back(byte);
    }
    return bytes;
}

}  // namespace

std::vector<Malformed> bad_requests(const BodyRoute& route) {
    std::vector<Malformed> all = sizes();
    append(all, bodies(route));
    append(all, lengths());
    append(all, heads());
    append(all, targets());
    append(all, ends());
    return all;
}

std::vector<Malformed> noise(std::uint32_t seed) {
    std::mt19937 random(seed);
    const auto size = [&](std::size_t most) { return 1 + random() % most; };
    // Without a line feed it is a head that never ends; without a blank it has no version.
    return {
        {"noise", "then the end", random_bytes(random, size(4000), "\n"), 400, malformed,
         "ends early", Manner::half_closed},
        {"noise", "then an empty line", random_bytes(random, size(4000), "\n ") + "\r\n\r\n", 400,
         malformed, ""},
        {"noise", "without end", random_bytes(random, max_head + 1, "\n"), 431, "head_too_large",
         ""},
        {"noise", "as a body without a length",
         get + host + "\r\n" + random_bytes(random, size(500), ""), 400, malformed, "bytes after"},
    };
}

std::vector<Malformed> slow_senders(const BodyRoute& route) {
    return {
        {"slow", "one byte", "G", 408, "request_timeout", "", Manner::slow},
        {"slow", "a head without its last line", get + host, 408, "request_timeout", "",
         Manner::slow},
        {"slow", "half a body", post(route, 10) + "{", 408, "request_timeout", "", Manner::slow},
        {"slow", "a byte now and then", "G", 408, "request_timeout", "", Manner::dripping},
    };
}

}  // namespace holdfast::test
