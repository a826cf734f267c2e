#include "api/admin_messages.h"
#include "api/messages.h"
#include "api/openapi.h"
#include "core/encode/json.h"
#include "core/encode/statement.h"
#include "holdfast/agent_id.h"
#include "tests/support/catch.h"

using namespace holdfast;

namespace {

std::string action_with(const std::string& member, const std::string& value) {
    return R"({"action":"a","audience":"b",")" + member + "\":" + value + "}";
}

// {"p":"xxx…"} of exactly that many bytes.
std::string params_of(std::size_t size) {
    const std::string empty = R"({"p":""})";
    return R"({"p":")" + std::string(size - empty.size(), 'x') + R"("})";
}

}  // namespace

TEST_CASE("action request: every member arrives, params in canonical form", "[api]") {
    const auto action = api::action_request(
        R"({"action":"refund.create","audience":"https://pay.example","resource":"order/7",)"
        R"("on_behalf_of":"ann@example.org","params":{"b":2, "a":1}})");
    REQUIRE(action);
    CHECK(action->action.action == "refund.create");
    CHECK(action->action.audience == "https://pay.example");
    CHECK(action->action.resource == "order/7");
    CHECK(action->action.on_behalf_of == "ann@example.org");
    CHECK(action->action.params == R"({"a":1,"b":2})");
    CHECK_FALSE(action->action.params_sha256);
    CHECK(action->approval.empty());
}

TEST_CASE("action request: an approval's id goes with it, and is no longer than a name", "[api]") {
    const auto with = api::action_request(action_with("approval", R"("ap-1")"));
    REQUIRE(with);
    CHECK(with->approval == "ap-1");
    const std::string longest(max_agent_name, 'a');
    CHECK(api::action_request(action_with("approval", '"' + longest + '"')));
    CHECK_FALSE(api::action_request(action_with("approval", '"' + longest + "a\"")));
    CHECK_FALSE(api::action_request(action_with("approval", "1")));
}

TEST_CASE("action request: each bound holds at the bound and one past it", "[api]") {
    const auto [member, bound] = GENERATE(table<std::string, std::size_t>({
        {"resource", max_resource},
        {"on_behalf_of", max_on_behalf_of},
    }));
    CHECK(api::action_request(action_with(member, '"' + std::string(bound, 'x') + '"')));
    const auto past =
        api::action_request(action_with(member, '"' + std::string(bound + 1, 'x') + '"'));
    REQUIRE_FALSE(past);
    CHECK(past.error().reason() == "malformed_request");
}

TEST_CASE("action request: params hold at their bound and not one past it", "[api]") {
    CHECK(api::action_request(action_with("params", params_of(encode::max_params))));
    CHECK_FALSE(api::action_request(action_with("params", params_of(encode::max_params + 1))));
}

TEST_CASE("action request: what is not exactly a request is malformed", "[api]") {
    const auto* body =
        GENERATE("", "null", "[]", "{}", R"({"action":"a"})", R"({"audience":"b"})",
                 R"({"action":"a","audience":"b","agent":"c"})", R"({"action":1,"audience":"b"})",
                 R"({"action":"a","action":"a","audience":"b"})",
                 R"({"action":"a","audience":"b","params":"text"})",
                 R"({"action":"a","audience":"b","params":{"x":1.5}})",
                 R"({"action":"a","audience":"b","params_sha256":"00"})");
    const auto action = api::action_request(body);
    REQUIRE_FALSE(action);
    CHECK(action.error().code() == Code::invalid);
    CHECK(action.error().reason() == "malformed_request");
}

TEST_CASE("action request: params and their digest exclude each other", "[api]") {
    const std::string digest = '"' + std::string(64, 'a') + '"';
    const auto alone = api::action_request(action_with("params_sha256", digest));
    REQUIRE(alone);
    CHECK(alone->action.params_sha256);
    CHECK_FALSE(api::action_request(action_with("params_sha256", digest + R"(,"params":{})")));
}

TEST_CASE("requests without members: nothing or an empty object", "[api]") {
    CHECK(api::empty_request(""));
    CHECK(api::empty_request("{}"));
    CHECK_FALSE(api::empty_request("[]"));
    CHECK_FALSE(api::empty_request(R"({"x":1})"));
    CHECK(api::apply_request("")->dry_run == false);
    CHECK(api::apply_request(R"({"dry_run":true})")->dry_run);
    CHECK_FALSE(api::apply_request(R"({"dry_run":"yes"})"));
    CHECK_FALSE(api::apply_request(R"({"dryrun":true})"));
}

TEST_CASE("measurement: paths are shown as labels, whatever bytes they have", "[api]") {
    Measurement measurement;
    measurement.executable.path = "/opt/\xc3\x28/agent";
    const auto text = encode::canonical(api::to_json(measurement));
    CHECK(text.find("/opt/?(/agent") != std::string::npos);
    CHECK(encode::parse_json(text));
}

TEST_CASE("openapi: the document is strict JSON, and every reference in it leads somewhere",
          "[api]") {
    const auto document = encode::parse_json(api::openapi_document(), std::size_t{1} << 20);
    REQUIRE(document);
    const encode::Json* schemas = document->find("components")->find("schemas");
    REQUIRE(schemas != nullptr);
    const std::string text = encode::canonical(*document);
    const std::string start = "#/components/schemas/";
    for (auto at = text.find(start); at != std::string::npos; at = text.find(start, at + 1)) {
        const auto name = text.substr(at + start.size(), text.find('"', at) - at - start.size());
        INFO(name);
        CHECK(schemas->find(name) != nullptr);
    }
}
