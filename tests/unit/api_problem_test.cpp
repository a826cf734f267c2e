#include "api/problem.h"
#include "tests/support/catch.h"

using namespace holdfast;

TEST_CASE("problem: each Code has its status, and those one may retry say when", "[api]") {
    const auto [code, status, waits] = GENERATE(table<Code, int, bool>({
        {Code::invalid, 400, false},
        {Code::denied, 403, false},
        {Code::not_found, 404, false},
        {Code::conflict, 409, false},
        {Code::busy, 429, true},
        {Code::unavailable, 503, true},
        {Code::timeout, 503, true},
        {Code::internal, 500, false},
    }));
    const auto problem = api::problem_of(Error(code, "why"));
    CHECK(problem.status == status);
    CHECK((problem.retry_after > 0) == waits);
    const Error back = api::error_of(problem.status, problem.body);
    CHECK(back.code() == code);
    CHECK(back.text() == "why");
    CHECK(back.reason().empty());
}

TEST_CASE("problem: the reason is the code, and comes back as the reason", "[api]") {
    const Error error = Error(Code::denied, "agent deploy-bot is suspended", Retry::reattest)
                            .because("agent_suspended");
    const auto problem = api::problem_of(error);
    CHECK(problem.body ==
          R"({"code":"agent_suspended","detail":"agent deploy-bot is suspended",)"
          R"("retry":"reattest","status":403,"title":"Forbidden","type":"about:blank"})");
    const Error back = api::error_of(problem.status, problem.body);
    CHECK(back.reason() == "agent_suspended");
    CHECK(back.retry() == Retry::reattest);
}

TEST_CASE("problem: bytes that are no UTF-8 do not break the JSON, long texts are cut", "[api]") {
    const auto problem =
        api::problem_of(Error(Code::denied, "/tmp/\xff\n" + std::string(5000, 'x')));
    const auto json = encode::parse_json(problem.body);
    REQUIRE(json);
    const std::string& detail = *json->find("detail")->string();
    CHECK(detail.starts_with("/tmp/??xxx"));
    CHECK(detail.size() == 1000);
}

TEST_CASE("problem: extension members stand beside the standard ones", "[api]") {
    encode::Json::Object members;
    members["name"] = "deploy-bot";
    const auto problem = api::problem_of(Error(Code::unavailable, "disk"), std::move(members));
    const auto json = encode::parse_json(problem.body);
    REQUIRE(json);
    CHECK(*json->find("name")->string() == "deploy-bot");
    CHECK(*json->find("code")->string() == "unavailable");
}

TEST_CASE("problem: a client makes an Error of whatever came", "[api]") {
    CHECK(api::error_of(413, "").code() == Code::invalid);
    CHECK(api::error_of(408, "").code() == Code::timeout);
    CHECK(api::error_of(502, "<html>").code() == Code::internal);
    CHECK(api::error_of(503, "not json").text() == "HTTP 503");
    CHECK(api::error_of(503, R"({"code":"ledger_failed"})").code() == Code::unavailable);
}
