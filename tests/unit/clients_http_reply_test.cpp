#include <string>

#include "clients/cpp/http_reply.h"
#include "tests/support/catch.h"

using holdfast::max_reply_body;
using holdfast::max_reply_head;
using holdfast::read_reply;

namespace {

std::string ok(const std::string& headers, const std::string& body) {
    return "HTTP/1.1 200 OK\r\n" + headers + "\r\n" + body;
}

bool refused(const std::string& text) {
    return !read_reply(text);
}

bool incomplete(const std::string& text) {
    const auto reply = read_reply(text);
    return reply && !reply->has_value();
}

}  // namespace

TEST_CASE("client: a reply is read whole, with status, body and Retry-After", "[clients]") {
    const auto reply = read_reply(
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 4\r\n\r\n{\"\"}");
    REQUIRE(reply);
    REQUIRE(reply->has_value());
    CHECK((*reply)->status == 503);
    CHECK((*reply)->retry_after == 2);
    CHECK((*reply)->body == "{\"\"}");
}

TEST_CASE("client: every shorter prefix of a reply is waited for, never guessed", "[clients]") {
    const std::string whole = ok("Content-Length: 2\r\n", "{}");
    for (std::size_t size = 0; size < whole.size(); ++size)
        CHECK(incomplete(whole.substr(0, size)));
    CHECK_FALSE(incomplete(whole));
}

TEST_CASE("client: header names are read in any case", "[clients]") {
    const auto reply = read_reply(ok("content-LENGTH:2\r\n", "{}"));
    REQUIRE(reply);
    REQUIRE(reply->has_value());
    CHECK((*reply)->body == "{}");
}

TEST_CASE("client: what the daemon never sends is refused", "[clients]") {
    CHECK(refused(ok("", "")));
    CHECK(refused(ok("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", "{}")));
    CHECK(refused(ok("Content-Length: 2\r\nContent-Length: 2\r\n", "{}")));
    CHECK(refused(ok("Content-Length: -2\r\n", "{}")));
    CHECK(refused(ok("Content-Length: 0x2\r\n", "{}")));
    CHECK(refused(ok("Content-Length: 2\r\n", "{}{}")));
    CHECK(refused(ok("no colon\r\nContent-Length: 2\r\n", "{}")));
    CHECK(refused("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"));
    CHECK(refused("HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"));
    CHECK(refused("HTTP/1.1 100 Continue\r\n\r\n"));
    CHECK(refused("SSH-2.0-OpenSSH\r\n\r\n"));
}

TEST_CASE("client: a head of the limit is read, one byte more is refused", "[clients]") {
    const std::string fixed = ok("X: \r\nContent-Length: 0\r\n", "");
    const std::string padding(max_reply_head - fixed.size(), 'a');
    CHECK_FALSE(refused(ok("X: " + padding + "\r\nContent-Length: 0\r\n", "")));
    CHECK(refused(ok("X: " + padding + "a\r\nContent-Length: 0\r\n", "")));
}

TEST_CASE("client: a body of the limit is awaited, a larger one is refused at once", "[clients]") {
    CHECK(incomplete(ok("Content-Length: " + std::to_string(max_reply_body) + "\r\n", "")));
    CHECK(refused(ok("Content-Length: " + std::to_string(max_reply_body + 1) + "\r\n", "")));
}
