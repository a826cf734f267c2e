#include "policy/cedar/parser.h"
#include "policy/cedar/validate.h"
#include "tests/support/catch.h"
#include "tests/support/cedar_request.h"

using namespace holdfast;
using namespace holdfast::policy::cedar;
using cedar_test::permit;

namespace {

std::string findings(const std::string& text) {
    const auto set = parse("t.cedar", text);
    INFO((set ? "" : set.error().text()));
    REQUIRE(set);
    std::string all;
    for (const Finding& finding : validate(*set))
        all += finding.line() + "\n";
    return all;
}

// Of a condition that begins in column 1 of line 2: "COLUMN: what", a line each.
std::string wrong(const std::string& condition) {
    std::string all = findings(permit("when {\n" + condition + "\n}"));
    for (std::size_t at = 0; (at = all.find("t.cedar:2:")) != std::string::npos;)
        all.erase(at, 10);
    return all;
}

void all_are_right(std::initializer_list<const char*> conditions) {
    for (const char* condition : conditions) {
        INFO(condition);
        CHECK(wrong(condition).empty());
    }
}

std::string scope(const std::string& scopes) {
    std::string all = findings("@id(\"p\") permit(\n" + scopes + ");");
    for (std::size_t at = 0; (at = all.find("t.cedar:2:")) != std::string::npos;)
        all.erase(at, 10);
    return all;
}

}  // namespace

TEST_CASE("cedar validator: all that a request has can be spoken of", "[policy][cedar]") {
    all_are_right(
        {"principal.name == \"x\" && principal.sponsor == principal.owner",
         "principal.policy_author like \"*@example.org\" && principal.custody == \"tpm\"",
         "principal.assurance != \"observed\" && principal.launched",
         "principal in Assurance::\"launched\" && principal in Custody::\"tpm-virtual\"",
         "principal in [Sponsor::\"a\", Environment::\"b\"]",
         "action in Action::\"refund\" || action == Action::\"refund.create\"",
         "resource == Audience::\"https://x.example\" && resource.name like \"https://*\"",
         "context.resource like \"order/*\" && context.host.tpm",
         "context.host.register == \"ok\" && context.host.trust_domain == context.host.custody",
         "context.time.weekday <= 5 && context.time.hour * 60 + context.time.minute < 1080",
         "context.time.year == 2026 && context.time.month == 1 && context.time.day == 1",
         "context.time.unix > 0",
         "[1, 2].contains(context.time.day)",
         "[\"a\"].containsAny([principal.name])",
         "[].contains(1)",
         "principal in []",
         "if principal.launched then context.time.hour < 3 else false",
         "{a: {b: principal}}.a.b.launched",
         "principal is Agent in Sponsor::\"a\"",
         "[principal, resource].contains(principal)",
         "context.host == context.host",
         "-context.time.day < 0",
         "{a: 1, b: \"x\"} == {b: \"y\", a: 2}",
         "!principal.launched"});
}

TEST_CASE("cedar validator: what nothing has is found", "[policy][cedar]") {
    CHECK(wrong("principal.sponsr == \"a\"") == "11: an Agent has no attribute sponsr\n");
    CHECK(wrong("principal has sponsr") == "11: an Agent has no attribute sponsr\n");
    CHECK(wrong("resource.sponsor == \"a\"") == "10: an Audience has no attribute sponsor\n");
    CHECK(wrong("action.name == \"a\"") == "8: an Action has no attribute name\n");
    const std::string unknown =
        " named here has is not known; only the request's own entities have attributes\n";
    CHECK(wrong("Sponsor::\"a\".name == \"a\"") == "14: what a Sponsor" + unknown);
    CHECK(wrong("Agent::\"a\" has name") == "12: what an Agent" + unknown);
    CHECK(wrong("(if true then principal else Agent::\"a\").launched") ==
          "42: what an Agent" + unknown);
    CHECK(wrong("context.parms == 1") == "9: a record has no attribute parms\n");
    CHECK(wrong("context.time.second == 1") == "14: a record has no attribute second\n");
    CHECK(wrong("{a: 1}.b == 1") == "8: a record has no attribute b\n");
    CHECK(wrong("principal.name.a == 1") == "16: a string has no attributes\n");
    CHECK(wrong("1 has a") == "3: a long has no attributes\n");
    CHECK(wrong("principal is Person") == "11: there is no entity type Person\n");
    CHECK(wrong("principal in Group::\"a\"") == "14: there is no entity type Group\n");
}

TEST_CASE("cedar validator: types that do not fit are found", "[policy][cedar]") {
    CHECK(wrong("1 < \"a\"") == "5: a long is needed here, this is a string\n");
    CHECK(wrong("principal.name && true") == "11: a bool is needed here, this is a string\n");
    CHECK(wrong("true || 1") == "9: a bool is needed here, this is a long\n");
    CHECK(wrong("!1") == "2: a bool is needed here, this is a long\n");
    CHECK(wrong("1") == "1: a bool is needed here, this is a long\n");
    CHECK(wrong("principal") == "1: a bool is needed here, this is an Agent\n");
    CHECK(wrong("if 1 then true else false") == "4: a bool is needed here, this is a long\n");
    CHECK(wrong("if true then 1 else \"a\"") == "1: then is a long, else is a string\n");
    CHECK(wrong("(if true then principal else resource) == principal") ==
          "2: then is an Agent, else is an Audience\n");
    CHECK(wrong("1 + true == 2") == "5: a long is needed here, this is a bool\n");
    CHECK(wrong("-\"a\" == 1") == "2: a long is needed here, this is a string\n");
    CHECK(wrong("1 == \"a\"") == "3: a long never equals a string\n");
    CHECK(wrong("principal != resource") == "11: an Agent never equals an Audience\n");
    CHECK(wrong("[1] == [\"a\"]") == "5: a set of long never equals a set of string\n");
    CHECK(wrong("{a: 1} == {a: \"b\"}") == "8: a record never equals a record\n");
    CHECK(wrong("{a: 1} == {b: 1}") == "8: a record never equals a record\n");
    CHECK(wrong("context.host == context.time") == "14: a record never equals a record\n");
    CHECK(wrong("1 like \"a\"") == "1: a string is needed here, this is a long\n");
    CHECK(wrong("1 in principal") == "1: an entity is needed here, this is a long\n");
    CHECK(wrong("principal in \"a\"") ==
          "14: an entity or a set of them is needed here, this is a string\n");
    CHECK(wrong("principal in [\"a\"]") ==
          "14: an entity or a set of them is needed here, this is a set of string\n");
    CHECK(wrong("\"a\" is Agent") == "1: an entity is needed here, this is a string\n");
    CHECK(wrong("[1, \"a\"].contains(1)") == "5: a set of long cannot hold a string\n");
    CHECK(wrong("[1].contains(\"a\")") == "5: a set of long never holds a string\n");
    CHECK(wrong("[1].containsAll([\"a\"])") ==
          "5: a set of long never holds what is in a set of string\n");
    CHECK(wrong("1.contains(1)") == "1: a set is needed here, this is a long\n");
    CHECK(wrong("[1].containsAny(1)") == "17: a set is needed here, this is a long\n");
}

TEST_CASE("cedar validator: what an entity never is or is in is found", "[policy][cedar]") {
    CHECK(wrong("principal is Audience") == "11: an Agent is never an Audience\n");
    CHECK(wrong("resource is Agent") == "10: an Audience is never an Agent\n");
    CHECK(wrong("principal in Audience::\"x\"") == "11: no Agent is in an Audience\n");
    CHECK(wrong("resource in Sponsor::\"a\"") == "10: no Audience is in a Sponsor\n");
    CHECK(wrong("principal in [Audience::\"x\"]") == "11: no Agent is in an Audience\n");
    CHECK(wrong("principal is Agent in Action::\"a\"") == "11: no Agent is in an Action\n");
}

TEST_CASE("cedar validator: ids that cannot be are found", "[policy][cedar]") {
    CHECK(wrong("principal in Assurance::\"lunched\"") ==
          "14: there can be no Assurance::\"lunched\"\n");
    CHECK(wrong("principal in Custody::\"tmp\"") == "14: there can be no Custody::\"tmp\"\n");
    CHECK(wrong("principal in Manifest::\"abc\"") == "14: there can be no Manifest::\"abc\"\n");
    CHECK(wrong("principal in Manifest::\"" + std::string(64, 'A') + "\"")
              .starts_with("14: there can be no Manifest"));
    CHECK(wrong("principal in Manifest::\"" + std::string(64, 'a') + "\"").empty());
    CHECK(wrong("principal in Sponsor::\"\"") == "14: there can be no Sponsor::\"\"\n");
    CHECK(wrong("action == Action::\"Refund\"") == "11: there can be no Action::\"Refund\"\n");
    CHECK(wrong("action in Action::\"refund.\"") == "11: there can be no Action::\"refund.\"\n");
    CHECK(wrong("action == Action::\"" + std::string(128, 'a') + "\"").empty());
    CHECK(wrong("action == Action::\"" + std::string(129, 'a') + "\"")
              .starts_with("11: there can be no Action"));
    CHECK(wrong("principal == Agent::\"Bot\"") == "14: there can be no Agent::\"Bot\"\n");
    CHECK(wrong("resource == Audience::\"a b\"") == "13: there can be no Audience::\"a b\"\n");
    CHECK(wrong("resource == Audience::\"" + std::string(513, 'a') + "\"")
              .starts_with("13: there can be no Audience"));
}

TEST_CASE("cedar validator: scopes are checked like conditions", "[policy][cedar]") {
    CHECK(scope("principal in Sponsor::\"a\", action in [Action::\"a\"], resource is Audience") ==
          "");
    CHECK(scope("principal is Agent in Environment::\"a\", action, resource == Audience::\"x\"") ==
          "");
    CHECK(scope("principal == Sponsor::\"a\", action, resource") ==
          "14: principal is always Agent, never Sponsor\n");
    CHECK(scope("principal in Audience::\"a\", action, resource") ==
          "14: principal is always Agent, and none is in Audience\n");
    CHECK(scope("principal is Audience, action, resource") ==
          "14: principal is always Agent, never Audience\n");
    CHECK(scope("principal is Person, action, resource") == "14: there is no entity type Person\n");
    CHECK(scope("principal, action == Action::\"A\", resource") ==
          "22: there can be no Action::\"A\"\n");
    CHECK(scope("principal, action in [Action::\"a\", Action::\"B\"], resource") ==
          "36: there can be no Action::\"B\"\n");
    CHECK(scope("principal, action, resource in Sponsor::\"a\"") ==
          "32: resource is always Audience, and none is in Sponsor\n");
    CHECK(scope("principal, action, resource == Group::\"a\"") ==
          "32: there is no entity type Group\n");
}

TEST_CASE("cedar validator: what may be missing is asked for before it is read",
          "[policy][cedar]") {
    const std::string missing =
        "the attribute environment may be missing: ask `has environment` before\n";
    CHECK(wrong("principal.environment == \"a\"") == "11: " + missing);
    CHECK(wrong("context.params.a == 1") ==
          "9: the attribute params may be missing: ask `has params` before\n");
    all_are_right(
        {"principal has environment && principal.environment == \"a\"",
         "principal has \"environment\" && principal[\"environment\"] == \"a\"",
         "principal has environment && true && principal.environment == \"a\"",
         "(true && principal has environment) && principal.environment == \"a\"",
         "if principal has environment then principal.environment == \"a\" else false",
         "(if principal has environment then true else false) || true",
         "!(principal has environment && principal.environment == \"a\")",
         "context has params && context.params.amount < 5000",
         "context has params && context.params has a && context.params.a.b.c == \"x\"",
         "(principal has environment || principal has environment) && principal.environment == "
         "\"a\"",
         "principal has manifest && (principal has environment && principal.environment == "
         "principal.manifest)",
         "(if principal has environment then true else (false && principal has environment)) && "
         "principal.environment == \"a\""});
    CHECK(wrong("principal has environment || principal.environment == \"a\"") == "40: " + missing);
    CHECK(wrong("principal.environment == \"a\" && principal has environment") == "11: " + missing);
    CHECK(wrong("!(principal has environment) && principal.environment == \"a\"") ==
          "43: " + missing);
    CHECK(wrong("(principal has environment || true) && principal.environment == \"a\"") ==
          "50: " + missing);
    CHECK(wrong("principal has manifest && principal.environment == \"a\"") == "37: " + missing);
    CHECK(wrong("{a: principal}.a has environment && principal.environment == \"a\"") ==
          "47: " + missing);
    CHECK(wrong("if principal has environment then true else principal.environment == \"a\"") ==
          "55: " + missing);
    CHECK(wrong("(if principal.launched then principal has environment else true) && "
                "principal.environment == \"a\"") == "79: " + missing);
    CHECK(wrong("[principal has environment].contains(true) && principal.environment == \"a\"") ==
          "57: " + missing);
}

TEST_CASE("cedar validator: one condition guards the next, unless it is an unless",
          "[policy][cedar]") {
    const std::string read = "{principal.environment == \"a\"}";
    CHECK(findings(permit("when {principal has environment} when " + read)).empty());
    CHECK(findings(permit("when {principal has environment} unless " + read)).empty());
    CHECK(findings(permit("unless {principal has environment} when " + read)) != "");
    CHECK(findings(permit("when " + read + " when {principal has environment}")) != "");
}

TEST_CASE("cedar validator: what is below params is known only at run time", "[policy][cedar]") {
    all_are_right({"context has params && context.params.a",
                   "context has params && context.params.a && context.params.a == 1",
                   "context has params && context.params.a.contains(context.params.b + 1)",
                   "context has params && principal in context.params.a",
                   "context has params && context.params.a like \"x\" && context.params has b",
                   "context has params && [context.params.a, 1, 2].contains(\"a\")"});
    CHECK(wrong("context has params && context.params == 1") ==
          "38: a record never equals a long\n");
    CHECK(wrong("context has params && context.params") ==
          "31: a bool is needed here, this is a record\n");
}

TEST_CASE("cedar validator: all findings of all policies are told", "[policy][cedar]") {
    CHECK(findings("@id(\"a\") permit(principal is X, action, resource)\n"
                   "when {1} when {principal.a == principal.b};\n"
                   "@id(\"b\") forbid(principal, action, resource) unless {\"x\"};") ==
          "t.cedar:1:30: there is no entity type X\n"
          "t.cedar:2:7: a bool is needed here, this is a long\n"
          "t.cedar:2:26: an Agent has no attribute a\n"
          "t.cedar:2:41: an Agent has no attribute b\n"
          "t.cedar:3:54: a bool is needed here, this is a string\n");
}
