#include "core/encode/base64.h"
#include "core/encode/statement.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::encode;

namespace {

Action refund() {
    Action action;
    action.action = "refund.create";
    action.audience = "https://payments.example/v1?x=1";
    action.resource = "order 17 — für Zoë";
    action.params = R"({"amount":5000,"currency":"EUR"})";
    action.on_behalf_of = "zoe@example.org";
    return action;
}

Statement statement() {
    Statement statement;
    statement.action = refund();
    statement.agent = "spiffe://h.example/agent/bot";
    statement.instance = "bot-1";
    statement.sponsor = "finance";
    statement.measurement.fill(0xab);
    statement.custody = Custody::software_tpm;
    statement.fuse = FuseKind::counter;
    statement.time = 1'800'000'000;
    statement.sequence = 42;
    statement.decision = "permit";
    statement.rule = "payments:refunds";
    return statement;
}

Json without(const Json& json, const std::string& name) {
    Json::Object members = *json.object();
    members.erase(name);
    return members;
}
Json with(const Json& json, const std::string& name, Json value) {
    Json::Object members = *json.object();
    members.insert_or_assign(name, std::move(value));
    return members;
}

std::string nested_params(std::size_t levels) {
    std::string text;
    for (std::size_t i = 1; i < levels; ++i)
        text += "{\"a\":";
    return text + "{}" + std::string(levels - 1, '}');
}

}  // namespace

TEST_CASE("statement: its JSON is this text", "[core][encode]") {
    CHECK(
        canonical(to_json(statement())) ==
        R"({"action":"refund.create","agent":"spiffe://h.example/agent/bot","assurance":"observed",)"
        R"("audience":"https://payments.example/v1?x=1","custody":"software-tpm","decision":"permit",)"
        R"("fuse":"counter","instance":"bot-1","measurement":")" +
            std::string("abababababababababababababababababababababababababababababababab") +
            R"(","on_behalf_of":"zoe@example.org","params":{"amount":5000,"currency":"EUR"},)"
            R"("resource":"order 17 — für Zoë","rule":"payments:refunds","sequence":42,)"
            R"("sponsor":"finance","time":1800000000})");
}

TEST_CASE("statement: what is written is read back", "[core][encode]") {
    Statement sent = statement();
    CHECK(to_json(*statement_from(to_json(sent))) == to_json(sent));
    sent.action.params.clear();
    sent.action.params_sha256 = Sha256{1, 2, 3};
    sent.action.resource.clear();
    sent.action.on_behalf_of.clear();
    const auto read = statement_from(to_json(sent));
    REQUIRE(read);
    CHECK(to_json(*read) == to_json(sent));
    CHECK(read->action.params.empty());
    CHECK(read->action.params_sha256 == sent.action.params_sha256);
}

TEST_CASE("statement: members missing, unknown or of another kind are refused", "[core][encode]") {
    const Json json = to_json(statement());
    for (const char* name :
         {"action", "agent", "assurance", "audience", "custody", "decision", "fuse", "instance",
          "measurement", "rule", "sequence", "sponsor", "time"}) {
        CHECK_FALSE(statement_from(without(json, name)));
        CHECK_FALSE(statement_from(with(json, name, Json())));
    }
    CHECK_FALSE(statement_from(with(json, "extra", Json(1))));
    CHECK_FALSE(statement_from(with(json, "sequence", Json(-1))));
    CHECK_FALSE(statement_from(with(json, "decision", Json("forbid"))));
    CHECK_FALSE(statement_from(with(json, "agent", Json("spiffe://h.example/user/bot"))));
    CHECK_FALSE(statement_from(with(json, "params", Json("text"))));
    CHECK_FALSE(statement_from(with(json, "params_sha256", Json(std::string(64, 'a')))));
}

TEST_CASE("action: names are lower-case words joined once", "[core][encode]") {
    for (const char* name : {"a", "refund.create", "a1_b-c.d2"})
        CHECK(is_action_name(name));
    for (const char* name :
         {"", "A", "1a", ".a", "a.", "a..b", "a.-b", "a b", "a/b", "a\n", "é", "a*"})
        CHECK_FALSE(is_action_name(name));
    Action action = refund();
    action.action = std::string(max_action_name, 'a');
    CHECK(check_action(action));
    action.action += 'a';
    CHECK(check_action(action).error().reason() == "malformed_request");
}

TEST_CASE("action: an audience is a URI or a host name", "[core][encode]") {
    for (const char* audience :
         {"h", "https://h/p?q#f", "spiffe://h/x", "h.example:443", "[::1]:80"})
        CHECK(is_audience(audience));
    for (const char* audience : {"", "a b", "a\"b", "<a>", "a\\b", "\x7f", "é", "a\n"})
        CHECK_FALSE(is_audience(audience));
    Action action = refund();
    action.audience = std::string(max_audience, 'a');
    CHECK(check_action(action));
    action.audience += 'a';
    CHECK_FALSE(check_action(action));
}

TEST_CASE("action: texts are UTF-8 without control characters, and bounded", "[core][encode]") {
    for (std::string Action::* member : {&Action::resource, &Action::on_behalf_of}) {
        const std::size_t most = member == &Action::resource ? max_resource : max_on_behalf_of;
        Action action = refund();
        action.*member = std::string(most, 'x');
        CHECK(check_action(action));
        action.*member += 'x';
        CHECK_FALSE(check_action(action));
        for (const char* text : {"a\nb", "\x1b[2J", "\x7f", "\xff", "\xc3"}) {
            action.*member = text;
            CHECK_FALSE(check_action(action));
        }
        action.*member = std::string("a\0b", 3);
        CHECK_FALSE(check_action(action));
    }
}

TEST_CASE("action: params are one canonical object, or a digest", "[core][encode]") {
    Action action = refund();
    for (const char* params :
         {"[]", "1", "{", "{} ", R"({"b":1,"a":1})", R"({"a":1.5})", R"({"a":1,"a":1})"}) {
        action.params = params;
        CHECK_FALSE(check_action(action));
    }
    action.params = "{}";
    CHECK(check_action(action));
    action.params_sha256 = Sha256{};
    CHECK_FALSE(check_action(action));
    action.params.clear();
    CHECK(check_action(action));
}

TEST_CASE("action: params are bounded in size and depth", "[core][encode]") {
    Action action = refund();
    action.params = R"({"a":")" + std::string(max_params - 8, 'x') + R"("})";
    CHECK(action.params.size() == max_params);
    CHECK(check_action(action));
    action.params.insert(6, "x");
    CHECK_FALSE(check_action(action));
    action.params = nested_params(max_params_depth);
    CHECK(check_action(action));
    action.params = nested_params(max_params_depth + 1);
    CHECK_FALSE(check_action(action));
}
