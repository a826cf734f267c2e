#include "policy/cedar/parser.h"
#include "tests/support/catch.h"
#include "tests/support/cedar_request.h"

using namespace holdfast;
using namespace holdfast::policy::cedar;
using cedar_test::permit;

namespace {

std::string problem(const std::string& text) {
    const auto set = parse("t.cedar", text);
    return set ? "accepted" : set.error().text();
}

// The same without the file, and of a condition that begins in column 1.
std::string refusal(const std::string& expression) {
    const std::string text = problem(permit("when {\n" + expression + "\n}"));
    return text.starts_with("t.cedar:2:") ? text.substr(10) : text;
}

void accept(const std::string& expression) {
    const std::string text = problem(permit("when {" + expression + "}"));
    INFO(expression << ": " << text);
    CHECK(text == "accepted");
}

}  // namespace

TEST_CASE("cedar parser: a policy is what is written", "[policy][cedar]") {
    const auto set = parse("dir/t.cedar", R"(
// refunds, small ones
@id("refunds")
@approvals("2") @urgent @in("x\u{e9}")
permit(principal in Sponsor::"finance", action in [Action::"a", Action::"b",],
       resource == Audience::"x",)
when { context.params.amount_minor < 5000 } // small
unless { principal has environment };
@id("none") forbid(principal is Agent in Sponsor::"s", action == Action::"a.b", resource is Audience);
)");
    INFO((set ? "" : set.error().text()));
    REQUIRE(set);
    REQUIRE(set->policies.size() == 2);
    const Policy& one = set->policies[0];
    CHECK(one.id == "refunds");
    CHECK(one.file == "dir/t.cedar");
    CHECK(one.at.line == 3);
    CHECK(one.effect == Effect::permit);
    REQUIRE(one.annotation("approvals") != nullptr);
    CHECK(one.annotation("approvals")->value == "2");
    CHECK(one.annotation("urgent")->value.empty());
    CHECK(one.annotation("in")->value == "x\u00e9");
    CHECK(one.annotation("missing") == nullptr);
    CHECK(one.principal.kind == Scope::Kind::in);
    CHECK(one.principal.entities[0].uid == EntityUid{"Sponsor", "finance"});
    CHECK(one.action.kind == Scope::Kind::in);
    REQUIRE(one.action.entities.size() == 2);
    CHECK(one.action.entities[1].uid.id == "b");
    CHECK(one.resource.kind == Scope::Kind::equal);
    REQUIRE(one.conditions.size() == 2);
    CHECK(one.conditions[0].is_when);
    CHECK(one.conditions[0].body.op == Operator::less);
    CHECK_FALSE(one.conditions[1].is_when);
    const Policy& two = set->policies[1];
    CHECK(two.effect == Effect::forbid);
    CHECK(two.principal.kind == Scope::Kind::is_in);
    CHECK(two.principal.type == "Agent");
    CHECK(two.resource.kind == Scope::Kind::is);
    CHECK(two.action.kind == Scope::Kind::equal);
}

TEST_CASE("cedar parser: a file without policies is an empty set", "[policy][cedar]") {
    CHECK(parse("t", "")->policies.empty());
    CHECK(parse("t", " \t\r\n\v\f// nothing")->policies.empty());
}

TEST_CASE("cedar parser: everything of the subset is read", "[policy][cedar]") {
    for (const char* expression : {"principal",
                                   "action.a",
                                   "resource[\"a b\"]",
                                   "context.principal.permit.contains",
                                   "{a: 1, \"b c\": {}, principal: [],}",
                                   "if a::\"x\" == a::\"y\" then 1 else 2 + 3",
                                   "----1",
                                   "!!!!true",
                                   "-9223372036854775808",
                                   "9223372036854775807",
                                   "007",
                                   "1 in 2",
                                   "a::\"\" in b::\"\"",
                                   "1 has a",
                                   "1 has \"a\"",
                                   "1 like \"*\\*\"",
                                   "1 is permit",
                                   "1 is A in B::\"\"",
                                   "[].contains([]).containsAll(1,).containsAny(2)",
                                   "((((1))))",
                                   "1 - -1",
                                   "1--1",
                                   "(1 < 2) == (2 < 1)",
                                   "context.is_in",
                                   "context[\"if\"]",
                                   "[1,]",
                                   "1 == (if true then 1 else 2)",
                                   "- 1",
                                   "1*2*3",
                                   "\"//\" == \"a\" // b\n",
                                   "principal::\"x\" == _a1::\"y\"",
                                   "(1).a",
                                   "-1.a",
                                   "[[]]",
                                   "true&&false||true"})
        accept(expression);
}

TEST_CASE("cedar parser: what is no policy is refused where it stands", "[policy][cedar]") {
    const std::string id = "@id(\"a\") ";
    CHECK(problem("permit(principal, action, resource);") ==
          "t.cedar:1:1: the policy has no @id(\"…\")");
    CHECK(problem("@id permit(principal, action, resource);") ==
          "t.cedar:1:1: @id must be 1 to 128 printable ASCII characters");
    CHECK(problem("@id(\"a\u00e9\") permit(principal, action, resource);")
              .starts_with("t.cedar:1:1: @id must be"));
    CHECK(problem("@id(\"a\\n\") permit(principal, action, resource);")
              .starts_with("t.cedar:1:1: @id must be"));
    CHECK(problem(permit("") + "\n  " + permit("")) ==
          "t.cedar:2:3: @id(\"p\") names another policy already");
    CHECK(problem(id + "@id(\"b\") permit(principal, action, resource);") ==
          "t.cedar:1:10: @id stands there already");
    CHECK(problem(id + "@a @a permit(principal, action, resource);") ==
          "t.cedar:1:13: @a stands there already");
    CHECK(problem(id + "@\"a\" permit") ==
          "t.cedar:1:11: expected the name of an annotation, found a string");
    CHECK(problem(id + "@a(1) permit") ==
          "t.cedar:1:13: expected a value in quotes, found a number");
    CHECK(problem(id + "allow(principal, action, resource);") ==
          "t.cedar:1:10: expected permit or forbid, found allow");
    CHECK(problem(id) == "t.cedar:1:10: expected permit or forbid, found the end");
    CHECK(problem(id + "permit();") == "t.cedar:1:17: expected principal, found )");
    CHECK(problem(id + "permit(principal);") == "t.cedar:1:26: expected ,, found )");
    CHECK(problem(id + "permit(principal, resource, action);") ==
          "t.cedar:1:28: expected action, found resource");
    CHECK(problem(id + "permit(principal, action, resource, context);") ==
          "t.cedar:1:46: expected ), found context");
    CHECK(problem(id + "permit(principal, action, resource)") ==
          "t.cedar:1:45: expected ;, found the end");
    CHECK(problem(id + "permit(principal, action, resource) if {true};") ==
          "t.cedar:1:46: expected when, unless or ;, found if");
    CHECK(problem(id + "permit(principal, action, resource) when {};") ==
          "t.cedar:1:52: an empty condition");
    CHECK(problem(id + "permit(principal, action, resource) when true;") ==
          "t.cedar:1:51: expected {, found true");
}

TEST_CASE("cedar parser: what is no scope is refused", "[policy][cedar]") {
    const auto scope = [](const std::string& text) {
        const std::string found = problem("@id(\"a\") permit(\n" + text + ");");
        return found.starts_with("t.cedar:2:") ? found.substr(10) : found;
    };
    CHECK(scope("principal == ?principal, action, resource") == "14: templates are not supported");
    CHECK(scope("principal in ?principal, action, resource") == "14: templates are not supported");
    CHECK(scope("principal, action, resource is Audience in ?resource") ==
          "44: templates are not supported");
    CHECK(scope("principal == A::B::\"x\", action, resource") ==
          "14: entity types with a namespace are not supported");
    CHECK(scope("principal is A::B, action, resource") ==
          "14: entity types with a namespace are not supported");
    CHECK(scope("principal is if, action, resource") == "14: if is a reserved word");
    CHECK(scope("principal == in::\"x\", action, resource") == "14: in is a reserved word");
    CHECK(scope("principal is Agent == Agent::\"x\", action, resource") ==
          "20: expected ==, in, is, or the end of the scope, found ==");
    CHECK(scope("principal: Agent, action, resource") ==
          "10: expected ==, in, is, or the end of the scope, found :");
    CHECK(scope("principal != Agent::\"x\", action, resource") ==
          "11: expected ==, in, is, or the end of the scope, found !=");
    CHECK(scope("principal = Agent::\"x\", action, resource") ==
          "11: expected ==, in, is, or the end of the scope, found =");
    CHECK(scope("principal in [Agent::\"x\"], action, resource") ==
          "14: expected an entity (Type::\"id\"), found [");
    CHECK(scope("principal, action is Action, resource") ==
          "19: expected ==, in, or the end of the scope, found is");
    CHECK(scope("principal, action == [Action::\"a\"], resource") ==
          "22: expected an entity (Type::\"id\"), found [");
    CHECK(scope("principal, action in [Action::\"a\", Act::\"b\"], resource") ==
          "36: an action is an Action::\"…\"");
    CHECK(scope("principal, action in [Action::\"a\" Action::\"b\"], resource") ==
          "35: expected ,, found Action");
    CHECK(scope("principal == Agent, action, resource") == "19: expected ::, found ,");
    CHECK(scope("principal == Agent::x, action, resource") ==
          "14: entity types with a namespace are not supported");
    CHECK(scope("principal == Agent::{a: 1}, action, resource") ==
          "21: expected an id in quotes, found {");
}

TEST_CASE("cedar parser: what is no expression is refused where it stands", "[policy][cedar]") {
    CHECK(refusal("ip(\"1.2.3.4\")") == "1: functions are not supported: ip()");
    CHECK(refusal("1 == decimal(\"1.0\")") == "6: functions are not supported: decimal()");
    CHECK(refusal("context.a.isEmpty()") == "11: .isEmpty() is not supported");
    CHECK(refusal("principal.hasTag(\"a\")") == "11: .hasTag() is not supported");
    CHECK(refusal("context has a.b") == "14: has takes one attribute: a has b && a.b has c");
    CHECK(refusal("context has 1") == "13: expected an attribute after has, found a number");
    CHECK(refusal("context has if") == "13: if is a reserved word");
    CHECK(refusal("?principal == 1") == "1: templates are not supported");
    CHECK(refusal("1 < 2 < 3") == "7: comparisons do not chain; use parentheses");
    CHECK(refusal("1 has a has b") == "9: comparisons do not chain; use parentheses");
    CHECK(refusal("1 = 2") == "3: = is no operator; == compares");
    CHECK(refusal("4 / 2") == "3: there is no division in Cedar");
    CHECK(refusal("4 % 2") == "3: there is no division in Cedar");
    CHECK(refusal("9223372036854775808") == "1: a number that needs more than 64 bits");
    CHECK(refusal("-9223372036854775809") == "2: a number that needs more than 64 bits");
    CHECK(refusal("-9223372036854775808.a") == "2: a number that needs more than 64 bits");
    CHECK(refusal("-(9223372036854775808)") == "3: a number that needs more than 64 bits");
    CHECK(refusal("99999999999999999999999") == "1: a number that needs more than 64 bits");
    CHECK(refusal("!!!!!true") == "1: more than 4 signs in a row");
    CHECK(refusal("-----1") == "1: more than 4 signs in a row");
    CHECK(refusal("!-1") == "2: expected an expression, found -");
    CHECK(refusal("a.b") == "1: expected an expression, found a");
    CHECK(refusal("then") == "1: expected an expression, found then");
    CHECK(refusal("true && if true then true else true") == "9: if needs parentheses here");
    CHECK(problem(permit("when {if true then 1}")) == "t.cedar:1:66: expected else, found }");
    CHECK(refusal("context.in") == "9: in is a reserved word");
    CHECK(refusal("context.__cedar") == "9: __cedar is a reserved word");
    CHECK(refusal("context.1") == "9: expected an attribute, found a number");
    CHECK(refusal("context[0]") == "9: expected an attribute in quotes, found a number");
    CHECK(refusal("context[\"a\"") == "t.cedar:3:1: expected ], found }");
    CHECK(refusal("context(1)") == "1: functions are not supported: context()");
    CHECK(refusal("(1)(2)") == "4: this is nothing that can be called");
    CHECK(refusal("[].contains()") == "13: expected an expression, found )");
    CHECK(refusal("[].contains(1, 2)") == "16: expected ), found a number");
    CHECK(refusal("[1 2]") == "4: expected ,, found a number");
    CHECK(refusal("[,]") == "2: expected an expression, found ,");
    CHECK(refusal("{a: 1, a: 2}") == "8: a member that the record has already");
    CHECK(refusal("{\"a\": 1, a: 2}") == "10: a member that the record has already");
    CHECK(refusal("{if: 1}") == "2: if is a reserved word");
    CHECK(refusal("{1: 1}") == "2: expected the name of a member, found a number");
    CHECK(refusal("{a 1}") == "4: expected :, found a number");
    CHECK(refusal("1 like a") == "8: expected a pattern in quotes, found a");
    CHECK(refusal("1 like \"\\q\"") == "8: an unknown escape in a string");
    CHECK(refusal("1 is \"A\"") == "6: expected an entity type, found a string");
    CHECK(refusal("1 is A::B") == "6: entity types with a namespace are not supported");
    CHECK(refusal("A::B::\"x\"") == "1: entity types with a namespace are not supported");
    CHECK(refusal("then::\"x\"") == "1: then is a reserved word");
    CHECK(refusal("\"\\x80\"") == "1: \\x ends at 7F; \\u{…} goes further");
    CHECK(refusal("1 & 2") == "3: a character that no policy is written with");
    CHECK(refusal("1 == #") == "6: a character that no policy is written with");
    CHECK(refusal("(1") == "t.cedar:3:1: expected ), found }");
    CHECK(refusal("1 == 'a'") == "6: a character that no policy is written with");
    CHECK(problem(permit("when {\"abc")) == "t.cedar:1:52: a string without an end");
    CHECK(problem(permit("when {\"abc\\")) == "t.cedar:1:52: a string without an end");
}

TEST_CASE("cedar parser: columns count characters", "[policy][cedar]") {
    CHECK(refusal("\"\u00e9\U0001F600\" == #") == "9: a character that no policy is written with");
    CHECK(problem("// \u00e9\r\n\r\n  #") ==
          "t.cedar:3:3: a character that no policy is written with");
}

TEST_CASE("cedar parser: only UTF-8 is text", "[policy][cedar]") {
    CHECK(problem("// \xff") == "t.cedar:1:4: this is not UTF-8");
    CHECK(problem("// \u00e9\n \xc3") == "t.cedar:2:2: this is not UTF-8");
    CHECK(problem("// \xed\xa0\x80") == "t.cedar:1:4: this is not UTF-8");
    CHECK(problem(permit("when {\"\xc0\x80\" == \"\"}")).ends_with("this is not UTF-8"));
}

TEST_CASE("cedar parser: an error is one line, whatever the file is called", "[policy][cedar]") {
    CHECK(parse("a\nb", "#").error().text() ==
          "a?b:1:1: a character that no policy is written with");
}
