#include "api/contain_messages.h"
#include "tests/support/catch.h"

using namespace holdfast;
using api::contain_request;
using api::stop_agent_request;

namespace {

std::string body_with_reason(const std::string& reason) {
    return R"({"reason":")" + reason + R"("})";
}

}  // namespace

TEST_CASE("stop request: nothing at all says nothing, each member by its name", "[api][contain]") {
    for (const char* body : {"", "{}"}) {
        const auto request = stop_agent_request(body);
        REQUIRE(request);
        CHECK(request->reason.empty());
        CHECK_FALSE(request->rate);
        CHECK_FALSE(request->instance);
    }
    const auto request = stop_agent_request(R"({"reason":"r","rate":600,"instance":"aa"})");
    REQUIRE(request);
    CHECK(request->reason == "r");
    CHECK(request->rate == 600);
    CHECK(request->instance == "aa");
}

TEST_CASE("stop request: a reason has 512 bytes at most, and no control characters",
          "[api][contain]") {
    CHECK(stop_agent_request(body_with_reason(std::string(512, 'x'))));
    CHECK_FALSE(stop_agent_request(body_with_reason(std::string(513, 'x'))));
    // ü is two bytes: the bound is of bytes.
    std::string umlauts;
    for (int i = 0; i < 256; ++i)
        umlauts += "\xc3\xbc";
    CHECK(stop_agent_request(body_with_reason(umlauts)));
    CHECK_FALSE(stop_agent_request(body_with_reason(umlauts + "x")));
    for (const char* good : {"ü", "\\u00a0", "a b", "日本", "\\u0020", "\\\"quoted\\\""}) {
        INFO(good);
        CHECK(stop_agent_request(body_with_reason(good)));
    }
    for (const char* bad :
         {"\\n", "\\u0000", "\\u001f", "\\u007f", "\\u0080", "\\u009f", "x\\u001b[31m"}) {
        INFO(bad);
        const auto request = stop_agent_request(body_with_reason(bad));
        REQUIRE_FALSE(request);
        CHECK(request.error().reason() == "malformed_request");
    }
}

TEST_CASE("stop request: a rate has its bounds, an instance a length", "[api][contain]") {
    const auto with = [](const std::string& members) {
        return stop_agent_request("{" + members + "}").has_value();
    };
    CHECK(with(R"("rate":1)"));
    CHECK_FALSE(with(R"("rate":0)"));
    CHECK_FALSE(with(R"("rate":601)"));
    CHECK_FALSE(with(R"("rate":-1)"));
    CHECK_FALSE(with(R"("rate":6.0)"));
    CHECK(with(R"("instance":")" + std::string(128, 'a') + "\""));
    CHECK_FALSE(with(R"("instance":")" + std::string(129, 'a') + "\""));
    CHECK_FALSE(with(R"("instance":"")"));
    CHECK_FALSE(with(R"("host":true)"));
}

TEST_CASE("contain request: a verb, one scope, and words that fit it", "[api][contain]") {
    const auto request = contain_request(
        R"({"verb":"kill","host":true,"hardware":true,"confirm":"host.test","reason":"seized"})");
    REQUIRE(request);
    CHECK(request->verb == "kill");
    CHECK(request->host);
    CHECK(request->hardware);
    CHECK(request->confirm == "host.test");
    CHECK(request->reason == "seized");
    const auto with_sponsor = [](std::size_t size) {
        return contain_request(R"({"verb":"suspend","sponsor":")" + std::string(size, 's') + "\"}")
            .has_value();
    };
    CHECK(with_sponsor(255));
    CHECK_FALSE(with_sponsor(256));
    CHECK_FALSE(with_sponsor(0));
    CHECK_FALSE(contain_request(""));
    CHECK_FALSE(contain_request(R"({"sponsor":"s"})"));
    CHECK_FALSE(contain_request(R"({"verb":"suspend","sponsor":"s","instance":"aa"})"));
}

TEST_CASE("contained reply: moments are text, since they outgrow JSON's numbers",
          "[api][contain]") {
    api::Contained reply;
    reply.name = "bot";
    reply.state = "suspended";
    reply.stages = {{"memory", "done"}};
    reply.in_force_ns = 9'007'199'254'740'993;
    CHECK(encode::canonical(api::to_json(reply)) ==
          R"({"in_force_ns":"9007199254740993","last_release_ns":"0","name":"bot",)"
          R"("stages":{"memory":"done"},"state":"suspended"})");
    const api::ContainedScope scope{"suspend", "sponsor", "s", {reply}};
    const auto json = api::to_json(scope);
    CHECK(json.find("agents")->array()->size() == 1);
    CHECK(*json.find("sponsor")->string() == "s");
}
