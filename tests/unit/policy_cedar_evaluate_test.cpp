#include "policy/cedar/evaluate.h"
#include "policy/cedar/parser.h"
#include "tests/support/catch.h"
#include "tests/support/cedar_request.h"

using namespace holdfast;
using namespace holdfast::policy::cedar;
using cedar_test::permit;

namespace {

PolicySet read(const std::string& text) {
    auto set = parse("t.cedar", text);
    INFO((set ? "" : set.error().text()));
    REQUIRE(set);
    return *std::move(set);
}

// "true", "false", or "error: …" without file and place.
std::string outcome(const std::string& expression) {
    const PolicySet set = read(permit("when {" + expression + "}"));
    const Answer answer = authorize(set, cedar_test::request());
    if (answer.failures.empty()) return answer.decision == Decision::permit ? "true" : "false";
    const std::string& text = answer.failures[0].text;
    return "error: " + text.substr(text.find(": ") + 2);
}

void all_are(const std::string& expected, std::initializer_list<const char*> expressions) {
    for (const char* expression : expressions) {
        INFO(expression);
        CHECK(outcome(expression) == expected);
    }
}

void all_fail(std::initializer_list<const char*> expressions) {
    for (const char* expression : expressions) {
        INFO(expression);
        CHECK(outcome(expression).starts_with("error: "));
    }
}

std::string ids(const std::vector<const Policy*>& policies) {
    std::string text;
    for (const Policy* policy : policies)
        text += policy->id + " ";
    return text;
}

std::string rule(const std::string& id, const std::string& effect, const std::string& condition) {
    return "@id(\"" + id + "\") " + effect + "(principal, action, resource) when {" + condition +
           "};\n";
}

constexpr const char* failing = "context.params.missing == 1";

}  // namespace

TEST_CASE("cedar evaluates: booleans, and what is behind them only when needed",
          "[policy][cedar]") {
    all_are("true",
            {"true", "!false", "!!true", "true && true", "false || true", "true || 1 + \"a\" == 2",
             "!(false && 1)", "if true then true else 1", "if false then 1 else true",
             "true || context.nothing", "false || false || true", "true && true && true"});
    all_are("false", {"false", "true && false", "false || false", "false && context.nothing",
                      "false && 1", "true && true && false"});
    all_fail({"1", "\"true\"", "!1", "1 && true", "true && 1", "1 || true", "false || 1",
              "if 1 then true else true", "context.nothing && false", "if true then 1 else true",
              "principal", "[]"});
    CHECK(outcome("1") == "error: a bool is needed here, not long");
}

TEST_CASE("cedar evaluates: equality across types is false and no error", "[policy][cedar]") {
    all_are("true", {"1 == 1", "1 != 2", "1 != \"1\"", "\"a\" == \"a\"", "[1,2] == [2,1,1]",
                     "{a: 1, b: [2]} == {b: [2], a: 1}", "principal == Agent::\"refund-agent\"",
                     "principal != Agent::\"other\"", "[[1],[2]] == [[2],[1]]", "{} == {}",
                     "[] == []", "[] != {}", "context == context", "true != 1",
                     "Agent::\"a\" != Audience::\"a\"", "{a: 1} != {a: 1, b: 2}"});
    all_are("false", {"1 == \"1\"", "true == 1", "[1] == 1", "principal == \"refund-agent\"",
                      "principal == resource", "{} == []", "{a: 1} == {a: 2}", "1 != 1"});
}

TEST_CASE("cedar evaluates: comparisons take longs only", "[policy][cedar]") {
    all_are("true", {"1 < 2", "2 <= 2", "3 > 2", "3 >= 3", "-1 < 0",
                     "-9223372036854775808 < 9223372036854775807"});
    all_are("false", {"2 < 1", "3 <= 2", "2 > 2", "2 >= 3", "2 < 2"});
    all_fail({"1 < \"a\"", "\"a\" < 1", "true > false", "\"a\" >= \"b\"", "[] <= []"});
    CHECK(outcome("1 < \"a\"") == "error: < takes longs, not string");
}

TEST_CASE("cedar evaluates: arithmetic, and what overflows is an error", "[policy][cedar]") {
    all_are("true", {"1 + 2 == 3", "1 - 2 == -1", "2 * 3 + 4 == 10", "4 + 2 * 3 == 10",
                     "10 - 3 - 2 == 5", "-(-3) == 3", "--3 == 3", "----3 == 3", "-3 * -2 == 6",
                     "9223372036854775806 + 1 == 9223372036854775807",
                     "-9223372036854775807 - 1 == -9223372036854775808",
                     "4611686018427387903 * 2 == 9223372036854775806",
                     "-context.params.amount_minor == -4200"});
    all_fail({"9223372036854775807 + 1 > 0", "-9223372036854775808 - 1 < 0",
              "4611686018427387904 * 2 > 0", "--9223372036854775808 > 0",
              "-(-9223372036854775808) > 0", "1 + \"a\" == 1", "\"a\" * 2 == 2", "-true == 1",
              "-\"a\" == 1", "false - 1 == 1"});
    CHECK(outcome("9223372036854775807 + 1 > 0") == "error: + overflows 64 bits");
}

TEST_CASE("cedar evaluates: an entity is in itself and in its groups", "[policy][cedar]") {
    all_are("true", {"principal in principal", "principal in Sponsor::\"finance@example.org\"",
                     "principal in Assurance::\"observed\"", "action in Action::\"refund\"",
                     "principal in [Sponsor::\"x\", Custody::\"tpm\"]",
                     "Agent::\"x\" in Agent::\"x\"", "principal in [principal]"});
    all_are("false",
            {"principal in Assurance::\"recorded\"", "principal in []", "resource in principal",
             "Agent::\"x\" in Sponsor::\"finance@example.org\"", "Sponsor::\"x\" in Agent::\"x\"",
             "principal in [Sponsor::\"x\", Agent::\"y\"]"});
    all_fail({"1 in principal", "principal in 1", "\"a\" in [\"a\"]", "principal in [principal, 1]",
              "principal in {}", "[] in []", "{} in principal"});
    CHECK(outcome("principal in [principal, 1]") ==
          "error: in takes a set of entities only, not long");
}

TEST_CASE("cedar evaluates: is asks the type, and is … in both", "[policy][cedar]") {
    all_are("true", {"principal is Agent", "resource is Audience", "Agent::\"x\" is Agent",
                     "principal is Agent in Sponsor::\"finance@example.org\"",
                     "principal is Agent in [Sponsor::\"finance@example.org\"]"});
    all_are("false", {"principal is Audience", "principal is Agent in Sponsor::\"x\"",
                      "principal is Audience in 1"});
    all_fail({"1 is Agent", "context is Agent", "principal is Agent in 1"});
}

TEST_CASE("cedar evaluates: attributes, and whether they are there", "[policy][cedar]") {
    all_are("true",
            {"principal.name == \"refund-agent\"", "principal[\"name\"] == \"refund-agent\"",
             "principal has manifest", "principal has \"manifest\"",
             "context.params.currency == \"EUR\"", "context has params", "{a: 1}.a == 1",
             "{\"a b\": 1}[\"a b\"] == 1", "context.params has amount_minor", "{a: 1} has a",
             "resource.name like \"https://*\"", "context.host.tpm"});
    all_are("false", {"principal has nothing", "context.params has nothing",
                      "Agent::\"x\" has name", "{a: 1} has b"});
    all_fail({"principal.nothing == 1", "context.nothing == 1", "Agent::\"x\".name == \"x\"",
              "1 has a", "\"a\".b == 1", "[] has a", "(1).a == 1", "true has a"});
    CHECK(outcome("context.params.nothing == 1") == "error: there is no attribute nothing");
    CHECK(outcome("Agent::\"x\".name == 1") ==
          "error: an entity that is not known has no attribute name");
}

TEST_CASE("cedar evaluates: sets", "[policy][cedar]") {
    all_are("true",
            {"[1, 2].contains(2)", "context.params.tags.contains(\"late\")",
             "[1, 2, 3].containsAll([3, 1])", "[1].containsAll([])", "[1, 2].containsAny([2, 9])",
             "[[1]].contains([1])", "[{a: 1}].contains({a: 1})", "[1, \"a\"].contains(\"a\")",
             "[principal].contains(principal)"});
    all_are("false", {"[1, 2].contains(3)", "[1].contains(\"1\")", "[1].containsAll([1, 2])",
                      "[1].containsAny([])", "[].containsAny([1])", "[].contains(1)"});
    all_fail({"1.contains(1)", "\"abc\".contains(\"a\")", "[1].containsAll(1)",
              "[1].containsAny(1)", "{}.contains(1)", "context.containsAll([])"});
}

TEST_CASE("cedar evaluates: like takes strings", "[policy][cedar]") {
    all_are("true", {"principal.name like \"refund-*\"", "context.params.note like \"a\\*b\""});
    all_are("false", {"principal.name like \"refund\"", "principal.name like \"a\\*b\""});
    all_fail({"1 like \"1\"", "principal like \"*\""});
}

TEST_CASE("cedar evaluates: precedence is Cedar's", "[policy][cedar]") {
    all_are("true", {"true || false && false", "!false && true", "1 + 1 == 2 && 2 * 2 > 3",
                     "(if true then 1 else 2) == 1", "!(1 == 2)", "[1].contains(1) == true"});
    CHECK(outcome("if true then false else true || true") == "false");
}

TEST_CASE("cedar authorizes: nothing said is denied", "[policy][cedar]") {
    const PolicySet none;
    const Answer answer = authorize(none, cedar_test::request());
    CHECK(answer.decision == Decision::deny);
    CHECK(answer.determining.empty());
    CHECK(verdict_of(answer).decision == Decision::deny);
}

TEST_CASE("cedar authorizes: forbid wins, and the rules that decided are named",
          "[policy][cedar]") {
    const PolicySet permits = read(rule("a", "permit", "true") + rule("b", "permit", "false") +
                                   rule("c", "permit", "true"));
    CHECK(authorize(permits, cedar_test::request()).decision == Decision::permit);
    CHECK(ids(authorize(permits, cedar_test::request()).determining) == "a c ");

    const PolicySet both = read(rule("a", "permit", "true") + rule("f", "forbid", "true") +
                                rule("g", "forbid", "false"));
    const Answer answer = authorize(both, cedar_test::request());
    CHECK(answer.decision == Decision::deny);
    CHECK(ids(answer.determining) == "f ");
    CHECK(ids(verdict_of(answer).rules) == "f ");
}

TEST_CASE("cedar authorizes: a permit that fails permits nothing", "[policy][cedar]") {
    const PolicySet one = read(rule("a", "permit", failing));
    const Answer answer = authorize(one, cedar_test::request());
    CHECK(answer.decision == Decision::deny);
    REQUIRE(answer.failures.size() == 1);
    CHECK(answer.failures[0].policy->id == "a");
    CHECK(answer.failures[0].text == "t.cedar:1:67: there is no attribute missing");
    CHECK(verdict_of(answer).decision == Decision::deny);

    const PolicySet two = read(rule("a", "permit", failing) + rule("b", "permit", "true"));
    const Verdict verdict = verdict_of(authorize(two, cedar_test::request()));
    CHECK(verdict.decision == Decision::permit);
    CHECK(ids(verdict.rules) == "b ");
}

TEST_CASE("cedar authorizes: a forbid that fails denies, though Cedar leaves it out",
          "[policy][cedar]") {
    const PolicySet set = read(rule("a", "permit", "true") + rule("f", "forbid", failing));
    const Answer answer = authorize(set, cedar_test::request());
    CHECK(answer.decision == Decision::permit);
    CHECK(ids(answer.determining) == "a ");
    const Verdict verdict = verdict_of(answer);
    CHECK(verdict.decision == Decision::deny);
    CHECK(ids(verdict.rules) == "f ");

    const PolicySet more = read(rule("e", "forbid", "true") + rule("a", "permit", "true") +
                                rule("f", "forbid", failing));
    CHECK(ids(verdict_of(authorize(more, cedar_test::request())).rules) == "e f ");
}

TEST_CASE("cedar authorizes: conditions count one after the other", "[policy][cedar]") {
    const auto answer_of = [](const std::string& conditions) {
        const PolicySet set = read(permit(conditions));
        const Answer answer = authorize(set, cedar_test::request());
        return std::pair(answer.decision == Decision::permit, answer.failures.size());
    };
    CHECK(answer_of("") == std::pair(true, std::size_t{0}));
    CHECK(answer_of("when {true} unless {false} when {true}") == std::pair(true, std::size_t{0}));
    CHECK(answer_of("when {true} unless {true}") == std::pair(false, std::size_t{0}));
    CHECK(answer_of("when {false} when {1}") == std::pair(false, std::size_t{0}));
    CHECK(answer_of("unless {1}") == std::pair(false, std::size_t{1}));
}

TEST_CASE("cedar authorizes: a scope decides before any condition", "[policy][cedar]") {
    const auto is_in_scope = [](const std::string& scope) {
        const PolicySet set = read("@id(\"p\") permit(" + scope + ");");
        return authorize(set, cedar_test::request()).decision == Decision::permit;
    };
    const std::string group = "Sponsor::\"finance@example.org\"";
    CHECK(is_in_scope("principal, action, resource"));
    CHECK(is_in_scope("principal == Agent::\"refund-agent\", action, resource"));
    CHECK_FALSE(is_in_scope("principal == Agent::\"other\", action, resource"));
    CHECK_FALSE(is_in_scope("principal == " + group + ", action, resource"));
    CHECK(is_in_scope("principal in " + group + ", action, resource"));
    CHECK_FALSE(is_in_scope("principal in Sponsor::\"x\", action, resource"));
    CHECK(is_in_scope("principal is Agent, action, resource"));
    CHECK_FALSE(is_in_scope("principal is Audience, action, resource"));
    CHECK(is_in_scope("principal is Agent in " + group + ", action, resource"));
    CHECK_FALSE(is_in_scope("principal is Agent in Sponsor::\"x\", action, resource"));
    CHECK_FALSE(is_in_scope("principal is Audience in " + group + ", action, resource"));
    CHECK(is_in_scope("principal, action == Action::\"refund.create\", resource"));
    CHECK_FALSE(is_in_scope("principal, action == Action::\"refund\", resource"));
    CHECK(is_in_scope("principal, action in Action::\"refund\", resource"));
    CHECK(is_in_scope("principal, action in [Action::\"x\", Action::\"refund\"], resource"));
    CHECK_FALSE(is_in_scope("principal, action in [], resource"));
    CHECK(is_in_scope("principal, action, resource == Audience::\"https://payments.example\""));
    CHECK_FALSE(is_in_scope("principal, action, resource == Audience::\"https://x.example\""));
    CHECK_FALSE(is_in_scope("principal, action, resource is Agent"));
    const PolicySet outside =
        read("@id(\"p\") permit(principal == Agent::\"x\", action, resource) when {1};");
    CHECK(authorize(outside, cedar_test::request()).failures.empty());
}
