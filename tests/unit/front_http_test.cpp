#include "core/encode/json.h"
#include "daemon/front/http.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::daemon;

namespace {

std::string head_with(const std::string& lines) {
    return "POST /v1/actions HTTP/1.1\r\nHost: localhost\r\n" + lines + "\r\n";
}

int status_of(const std::string& head) {
    const auto parsed = parse_head(head);
    return parsed ? 200 : problem_reply(parsed.error()).status;
}

}  // namespace

TEST_CASE("http: a plain request is read", "[daemon][front]") {
    const auto head =
        parse_head(head_with("Content-Type: application/json; charset=utf-8\r\n"
                             "Content-Length: 12\r\nExpect: 100-Continue\r\n"));
    REQUIRE(head);
    CHECK(head->method == "POST");
    CHECK(head->target == "/v1/actions");
    CHECK(head->content_length == 12);
    CHECK(head->json);
    CHECK(head->keep_alive);
    CHECK(head->expects_continue);
    const auto bare = parse_head(head_with("Connection: close\r\n"));
    REQUIRE(bare);
    CHECK(bare->content_length == 0);
    CHECK_FALSE(bare->json);
    CHECK_FALSE(bare->keep_alive);
    CHECK_FALSE(bare->expects_continue);
}

TEST_CASE("http: what another reader could read otherwise is refused", "[daemon][front]") {
    const auto* lines = GENERATE(
        "Content-Length: 1\r\nContent-Length: 1\r\n", "Content-Length: 1\r\nContent-Length: 2\r\n",
        "Content-Length: 1, 1\r\n", "Content-Length: +1\r\n", "Content-Length: -1\r\n",
        "Content-Length: 0x1\r\n", "Content-Length: 1 1\r\n", "Content-Length:\r\n",
        "Content-Length: 99999999999999999999\r\n", "Host: other\r\n", "Content-Length : 1\r\n",
        " Folded: 1\r\n", "A: b\r\n c\r\n", "A: b\r\n\tc\r\n", "A: b\nC: d\r\n", "A b\r\n",
        "A: b\rC: d\r\n", "Expect: 100-continue\r\nExpect: 100-continue\r\n",
        "Content-Type: application/json\r\nContent-Type: text/plain\r\n", "A\x01: b\r\n");
    CAPTURE(lines);
    CHECK(status_of(head_with(lines)) == 400);
}

TEST_CASE("http: requests of another shape are refused", "[daemon][front]") {
    const std::string nul("A: \0\r\n", 6);
    const auto head = GENERATE_COPY(std::string("\r\n"), std::string("GET\r\n\r\n"),
                                    std::string("GET / HTTP/1.1\r\n\r\n"),
                                    std::string("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
                                    std::string("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
                                    std::string("G\tT / HTTP/1.1\r\nHost: a\r\n\r\n"),
                                    std::string("GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n"),
                                    std::string("\x16\x03\x01\x02\r\n\r\n"), head_with(nul));
    CAPTURE(head);
    CHECK(status_of(head) == 400);
}

TEST_CASE("http: each refusal that only HTTP knows has its status", "[daemon][front]") {
    CHECK(status_of("GET / HTTP/1.0\r\nHost: a\r\n\r\n") == 505);
    CHECK(status_of("GET / HTTP/1.1 \r\nHost: a\r\n\r\n") == 505);
    CHECK(status_of("GET / HTTP/2.0\r\nHost: a\r\n\r\n") == 505);
    CHECK(status_of(head_with("Transfer-Encoding: chunked\r\n")) == 501);
    CHECK(status_of(head_with("Transfer-Encoding: gzip, chunked\r\n")) == 501);
    CHECK(status_of(head_with("Transfer-Encoding: identity\r\n")) == 501);
    CHECK(status_of(head_with("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n")) >= 400);
    CHECK(status_of(head_with("Expect: 200-ok\r\n")) == 417);
}

TEST_CASE("http: a body is bounded and JSON", "[daemon][front]") {
    RequestHead head;
    head.content_length = 100;
    head.json = true;
    CHECK(check_body(head, 100));
    const auto larger = check_body(head, 99);
    REQUIRE_FALSE(larger);
    CHECK(problem_reply(larger.error()).status == 413);
    head.json = false;
    const auto other_type = check_body(head, 100);
    REQUIRE_FALSE(other_type);
    CHECK(problem_reply(other_type.error()).status == 415);
    head.content_length = 0;
    CHECK(check_body(head, 0));
}

TEST_CASE("http: a problem says the same status in its head and body", "[daemon][front]") {
    const auto reply = problem_reply(Error(Code::invalid, "slow").because("request_timeout"));
    CHECK(reply.status == 408);
    CHECK(reply.content_type == "application/problem+json");
    const auto body = encode::parse_json(reply.body);
    REQUIRE(body);
    CHECK(*body->find("status")->integer() == 408);
    CHECK(*body->find("title")->string() == "Request Timeout");
    CHECK(*body->find("code")->string() == "request_timeout");
    const auto busy = problem_reply(Error(Code::busy, "full"));
    CHECK(busy.status == 429);
    CHECK(reply_text(busy, true).find("\r\nRetry-After: 1\r\n") != std::string::npos);
}

TEST_CASE("http: a reply frames its body by length", "[daemon][front]") {
    const HttpReply reply{
        .status = 405, .content_type = "a/b", .body = "xyz", .retry_after = 0, .allow = "GET"};
    CHECK(reply_text(reply, false) ==
          "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 3\r\nContent-Type: a/b\r\n"
          "Cache-Control: no-store\r\nAllow: GET\r\nConnection: close\r\n\r\nxyz");
}
