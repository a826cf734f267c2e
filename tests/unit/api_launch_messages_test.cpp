#include "api/launch_messages.h"
#include "tests/support/catch.h"

using namespace holdfast;

namespace {

api::Launch a_launch() {
    api::Launch launch;
    launch.agent = "bot";
    launch.instance = "ab";
    launch.version = 3;
    launch.manifest.fill(0x11);
    launch.tree.fill(0x22);
    launch.signers = "leader";
    launch.pid = 4711;
    launch.uid = 70000;
    launch.cgroup = 9;
    launch.log = "/var/log/holdfast/bot.log";
    return launch;
}

std::string twice(const std::string& digit) {
    std::string text;
    for (int i = 0; i < 64; ++i)
        text += digit;
    return text;
}

const std::string a_launch_as_json =
    R"({"agent":"bot","cgroup":9,"instance":"ab","log":"/var/log/holdfast/bot.log","manifest":")" +
    twice("1") + R"(","missing":[],"pid":4711,"session_over":false,"signers":"leader","tree":")" +
    twice("2") + R"(","uid":70000,"version":3})";

}  // namespace

TEST_CASE("launch request: nothing at all asks for the newest version, without a downgrade",
          "[api][launch]") {
    for (const char* body : {"", "{}"}) {
        const auto request = api::launch_request(body);
        REQUIRE(request);
        CHECK_FALSE(request->manifest);
        CHECK_FALSE(request->allow_downgrade);
    }
}

TEST_CASE("launch request: a manifest's digest, and whether an older one may be launched",
          "[api][launch]") {
    const auto request =
        api::launch_request(R"({"allow_downgrade":true,"manifest":")" + twice("1") + R"("})");
    REQUIRE(request);
    REQUIRE(request->manifest);
    CHECK(request->manifest->front() == 0x11);
    CHECK(request->allow_downgrade);
}

TEST_CASE("launch request: what is malformed asks for nothing", "[api][launch]") {
    for (const std::string& wrong :
         {std::string("["), std::string("[]"), std::string("null"), std::string(R"({"x":1})"),
          std::string(R"({"manifest":""})"), std::string(R"({"manifest":null})"),
          R"({"manifest":")" + twice("1").substr(1) + R"("})",
          R"({"manifest":")" + twice("1") + R"(1"})", R"({"manifest":")" + twice("G") + R"("})",
          std::string(R"({"allow_downgrade":1})"), std::string(R"({"allow_downgrade":"true"})"),
          std::string(R"({"allow_downgrade":true,"allow_downgrade":false})"),
          std::string(R"({"program":"/bin/sh"})"), std::string(R"({"uid":0})")}) {
        INFO(wrong);
        const auto refused = api::launch_request(wrong);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().reason() == "malformed_request");
    }
}

TEST_CASE("launch reply: each member by its name", "[api][launch]") {
    CHECK(encode::canonical(to_json(a_launch())) == a_launch_as_json);
    auto launch = a_launch();
    launch.session_over = true;
    launch.signers = "tree";
    launch.missing = {"no Landlock in this kernel"};
    const auto json = to_json(launch);
    CHECK(*json.find("session_over")->boolean());
    CHECK(*json.find("signers")->string() == "tree");
    CHECK(encode::canonical(*json.find("missing")) == R"(["no Landlock in this kernel"])");
}

TEST_CASE("instances reply: who runs, and who ended and how, made printable", "[api][launch]") {
    CHECK(encode::canonical(api::to_json(std::vector<api::Launch>(), {})) ==
          R"({"ended":[],"instances":[]})");
    const std::vector<api::Ending> ended = {{"bot", "cd", "exit status 0\n"}};
    CHECK(encode::canonical(api::to_json({a_launch()}, ended)) ==
          R"({"ended":[{"agent":"bot","how":"exit status 0?","instance":"cd"}],"instances":[)" +
              a_launch_as_json + "]}");
}

TEST_CASE("stop request: every instance, or one of at most 64 bytes", "[api][launch]") {
    for (const char* every : {"", "{}"}) {
        const auto request = api::stop_request(every);
        REQUIRE(request);
        CHECK_FALSE(request->instance);
    }
    const auto one = api::stop_request(R"({"instance":")" + twice("a") + R"("})");
    REQUIRE(one);
    CHECK(one->instance == twice("a"));
    CHECK_FALSE(api::stop_request(R"({"instance":")" + twice("a") + R"(a"})"));
    CHECK_FALSE(api::stop_request(R"({"instance":1})"));
    CHECK_FALSE(api::stop_request(R"({"instances":["a"]})"));
}

TEST_CASE("stop reply: the instances that were told to end", "[api][launch]") {
    CHECK(encode::canonical(api::to_json(api::Stopped{"bot", {"ab", "cd"}})) ==
          R"({"agent":"bot","instances":["ab","cd"]})");
}
