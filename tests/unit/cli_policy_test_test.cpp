// holdfast policy test: a line for each case, and what differs under it.
#include <fstream>
#include <sstream>

#include "core/encode/json.h"
#include "policy/policy_set.h"
#include "tests/support/catch.h"
#include "tests/support/cli_run.h"
#include "tests/support/ssh_signer.h"

using namespace holdfast;
using cli::Exit;
using tests::Desk;
using tests::printed;

namespace {

constexpr const char* refunds =
    "//! version = 7\n"
    "@id(\"small\") permit(principal, action == Action::\"refund.create\", resource)\n"
    "when { context has params && context.params.amount <= 50 };\n";

std::string a_case(const std::string& name, int amount, const std::string& expect) {
    return "[[case]]\nname = \"" + name +
           "\"\nagent = { name = \"bot\", policy_author = \"carol\" }\n"
           "action = \"refund.create\"\naudience = \"https://pay\"\n"
           "params = { amount = " +
           std::to_string(amount) + " }\nexpect = \"" + expect + "\"\n";
}

}  // namespace

TEST_CASE("policy test: a line for each case, and what differs under it", "[cli][policy]") {
    const Desk desk;
    const auto policies = desk.put("refunds.cedar", refunds);
    const auto good =
        desk.put("good.toml", a_case("one", 50, "permit") + a_case("two", 51, "deny"));
    auto tested = printed({"policy", "test", good, "--policies", policies});
    CHECK(tested.exit == Exit::ok);
    CHECK(tested.out ==
          "RESULT  CASE  DECISION  RULES\n"
          "ok      one   permit    refunds:small\n"
          "ok      two   deny      -\n"
          "2 cases, 0 differ\n");
    const auto bad = desk.put("bad.toml", a_case("one", 51, "permit") + a_case("two", 51, "deny"));
    tested = printed({"policy", "test", bad, policies});
    CHECK(tested.exit == Exit::error);
    CHECK(tested.out ==
          "RESULT   CASE  DECISION  RULES\n"
          "DIFFERS  one   deny      -\n"
          "    expected permit, is denied by default\n"
          "ok       two   deny      -\n"
          "2 cases, 1 differs\n");
    const auto json = encode::parse_json(printed({"policy", "test", bad, policies, "--json"}).out);
    REQUIRE(json);
    CHECK(*json->find("differing")->integer() == 1);
}

TEST_CASE("policy test: with operators, only the agent's policy author permits", "[cli][policy]") {
    const Desk desk;
    const tests::SshSigner carol(1), dave(2);
    const auto policies = desk.put("refunds.cedar", refunds);
    const auto cases = desk.put("cases.toml", a_case("one", 50, "permit"));
    const auto person = [](const std::string& name, const tests::SshSigner& key) {
        return "[[operator]]\nname = \"" + name + "\"\npolicies = true\nkeys = [\"" + key.line() +
               "\"]\n";
    };
    const auto operators =
        desk.put("operators.toml", person("carol", carol) + person("dave", dave));
    const cli::Arguments test = {"policy", "test",        cases,    "--policies",
                                 policies, "--operators", operators};
    CHECK(printed({"policy", "test", cases, policies}).exit == Exit::ok);
    auto tested = printed(test);
    CHECK(tested.exit == Exit::error);
    CHECK(tested.error.find("refunds.cedar: has no signature") != std::string::npos);
    (void)desk.put("refunds.cedar.sig", carol.armored(refunds, policy::policy_namespace));
    CHECK(printed(test).exit == Exit::ok);
    (void)desk.put("refunds.cedar.sig", dave.armored(refunds, policy::policy_namespace));
    tested = printed(test);
    CHECK(tested.exit == Exit::error);
    CHECK(tested.out.find("is denied by default") != std::string::npos);
}

TEST_CASE("policy test: nothing is tested by files with findings", "[cli][policy]") {
    const Desk desk;
    const auto cases = desk.put("cases.toml", a_case("one", 50, "permit"));
    CHECK(printed({"policy", "test", cases}).error.find("--policies is missing") !=
          std::string::npos);
    const auto bad = desk.put("bad.cedar",
                              "//! version = 1\n@id(\"a\") permit(principal, action, resource)\n"
                              "when { principal.x == 1 };\n@id(\"b\") permit(principal, action, "
                              "resource)\nwhen { principal.y == 1 };\n");
    const auto tested = printed({"policy", "test", cases, bad});
    CHECK(tested.exit == Exit::error);
    CHECK(tested.out.empty());
    CHECK(tested.error.find(bad + ":3:18: ") != std::string::npos);
    CHECK(tested.error.find("\nholdfast: " + bad + ":5:18: ") != std::string::npos);
    const auto wrong = desk.put("wrong.toml", "[[case]]\nname = 1\n");
    CHECK(printed({"policy", "test", wrong, desk.put("refunds.cedar", refunds)})
              .error.find("wrong.toml:2: case.name: must be a string") != std::string::npos);
}

TEST_CASE("policy test: the table of docs/policies.md is decided as it says there",
          "[cli][policy]") {
    std::ifstream file(HOLDFAST_SOURCE_DIR "/docs/policies.md");
    std::ostringstream content;
    content << file.rdbuf();
    const std::string doc = content.str();
    const auto block = [&doc](const std::string& from) {
        const auto begin = doc.find(from);
        REQUIRE(begin != std::string::npos);
        return doc.substr(begin, doc.find("```\n", begin) - begin);
    };
    const Desk desk;
    const std::string fence = "```cedar\n";
    const auto policies =
        desk.put("refunds.cedar", "//! version = 1\n" + block(fence).substr(fence.size()));
    const auto cases = desk.put("cases.toml", block("[[agent]]"));
    const auto tested = printed({"policy", "test", cases, "--policies", policies});
    CHECK(tested.error.empty());
    CHECK(tested.out == block("RESULT   CASE"));
}
