// A table of requests and what is expected of each: what it may say, and what it is held against.
#include <string>

#include "policy/cases.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::policy;

namespace {

const std::string digest(64, 'a');

std::vector<Case> parsed(const std::string& text) {
    auto cases = parse_cases("cases.toml", text);
    if (!cases) FAIL(cases.error().text());
    return *std::move(cases);
}

std::string problem(const std::string& text) {
    const auto cases = parse_cases("cases.toml", text);
    return cases ? "accepted" : cases.error().text();
}

// A case that is complete, and more lines of it.
std::string a_case(const std::string& more = "", const std::string& expect = "permit") {
    return "[[case]]\nname = \"small\"\naction = \"refund.create\"\naudience = \"https://pay\"\n"
           "expect = \"" +
           expect + "\"\n" + more;
}
const std::string bot = "agent = { name = \"bot\" }\n";

bool mentions(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

Policies policies(const std::string& rules) {
    auto set = parse_policy_set("refunds.cedar", "//! version = 1\n" + rules);
    if (!set) FAIL(set.error().text());
    set->may_permit = true;
    PolicySets sets;
    sets.emplace("refunds", *std::move(set));
    auto all = Policies::of(std::move(sets));
    REQUIRE(all);
    return *std::move(all);
}

std::vector<std::string> told(const Policies& by, const Case& asked) {
    return differences(asked.expected, by.decide(asked.agent, asked.situation, asked.action));
}

}  // namespace

TEST_CASE("cases: everything a policy can speak of can be said", "[policy][cases]") {
    const auto cases = parsed(
        a_case("resource = \"order/7\"\non_behalf_of = \"ann\"\ntime = 2026-01-06T01:30:00+02:00\n"
               "params = { amount = 5, to = [\"a\", true], deep = { x = -1 } }\n"
               "rules = [\"refunds:a\"]\napprovals = 2\n"
               "agent = { name = \"bot\", sponsor = \"s\", owner = \"o\", policy_author = \"p\", "
               "environment = \"production\", custody = \"tpm\", assurance = \"launched\", "
               "manifest = \"" +
               digest +
               "\" }\n"
               "host = { tpm = true, custody = \"tpm\", register = \"ok\", trust_domain = \"h.t\" "
               "}\n"));
    REQUIRE(cases.size() == 1);
    const Case& one = cases.front();
    CHECK(one.name == "small");
    CHECK(one.line == 1);
    CHECK(one.agent.name == "bot");
    CHECK(one.agent.environment == "production");
    CHECK(one.agent.accountability.sponsor == "s");
    CHECK(one.agent.accountability.owner == "o");
    CHECK(one.agent.accountability.policy_author == "p");
    CHECK(one.situation.custody == Custody::tpm);
    CHECK(one.situation.assurance == Assurance::launched);
    CHECK(one.situation.manifest);
    CHECK(one.situation.trust_domain == "h.t");
    CHECK(one.situation.host_custody == Custody::tpm);
    CHECK(one.situation.has_tpm);
    CHECK(one.situation.event_register == "ok");
    CHECK(one.situation.now == 1767655800);  // 2026-01-05T23:30:00Z
    CHECK(one.action.action == "refund.create");
    CHECK(one.action.audience == "https://pay");
    CHECK(one.action.resource == "order/7");
    CHECK(one.action.on_behalf_of == "ann");
    CHECK(one.action.params == R"({"amount":5,"deep":{"x":-1},"to":["a",true]})");
    CHECK(one.expected.permit);
    CHECK(one.expected.rules == std::vector<std::string>{"refunds:a"});
    CHECK(one.expected.approvals == 2U);
}

TEST_CASE("cases: what is not said is the same tomorrow", "[policy][cases]") {
    const auto cases = parsed(a_case(bot));
    const Case& one = cases.front();
    CHECK(one.situation.now == default_case_time);
    CHECK(one.situation.trust_domain == default_case_domain);
    CHECK(one.situation.assurance == Assurance::observed);
    CHECK(one.situation.custody == Custody::unproven);
    CHECK_FALSE(one.situation.has_tpm);
    CHECK(one.situation.event_register == "absent");
    CHECK(one.action.params.empty());
    CHECK_FALSE(one.expected.rules);
    CHECK_FALSE(one.expected.approvals);
}

TEST_CASE("cases: agents are said once and named by many", "[policy][cases]") {
    const std::string agents = "[[agent]]\nname = \"bot\"\nsponsor = \"s\"\n";
    CHECK(parsed(agents + a_case("agent = \"bot\"")).front().agent.accountability.sponsor == "s");
    CHECK(problem(agents + a_case("agent = \"box\"")) ==
          "cases.toml:9: case.agent: there is no [[agent]] of that name");
    CHECK(mentions(problem(agents + agents + a_case(bot)), "\"bot\" stands there twice"));
}

TEST_CASE("cases: a misspelt key is an error with its line, never ignored", "[policy][cases]") {
    CHECK(problem(a_case("agent = { name = \"bot\" }\nowner = \"x\"\n")) ==
          "cases.toml:7: case.owner: unknown key");
    CHECK(problem(a_case("agent = { name = \"bot\", sponsr = \"x\" }\n")) ==
          "cases.toml:6: case.agent.sponsr: unknown key");
    CHECK(problem(a_case(bot + "host = { tmp = true }\n")) ==
          "cases.toml:7: case.host.tmp: unknown key");
    CHECK(problem("cases = 1\n" + a_case(bot)) == "cases.toml:1: cases: unknown key");
}

TEST_CASE("cases: what no agent could ask for is no case", "[policy][cases]") {
    CHECK(problem("") == "cases.toml:1: case: is missing");
    CHECK(problem(a_case()) == "cases.toml:1: case.agent: is missing");
    CHECK(mentions(problem(a_case("agent = { name = \"Bot\" }\n")),
                   "cases.toml:6: case.agent.name: "));
    CHECK(mentions(problem(a_case(bot, "allow")), "must be permit or deny"));
    CHECK(mentions(problem(a_case(bot + "approvals = 1\n", "deny")), "by a permit only"));
    CHECK(mentions(problem(a_case(bot + "approvals = 17\n")), "must be from 0 to 16"));
    CHECK(mentions(problem(a_case(bot + "params_sha256 = \"aa\"\n")), "case.params_sha256: "));
    CHECK(mentions(problem(a_case(bot + "params = {}\nparams_sha256 = \"" + digest + "\"\n")),
                   "cases.toml:1: case: params: either params or params_sha256"));
    CHECK(mentions(problem(a_case("agent = { name = \"bot\", manifest = \"" + digest + "\" }\n")),
                   "goes with an assurance of launched or above"));
    CHECK(mentions(problem(a_case(bot + "host = { register = \"fine\" }\n")), "ok, absent or"));
    CHECK(mentions(problem(a_case(bot + "host = { trust_domain = \"A\" }\n")), "trust_domain"));
    CHECK(mentions(problem(a_case(bot) + a_case(bot)), "\"small\" stands there twice"));
}

TEST_CASE("cases: a moment has its offset", "[policy][cases]") {
    CHECK(parsed(a_case(bot + "time = 1970-01-01T00:00:00Z\n")).front().situation.now == 0);
    for (const char* wrong : {"2026-01-05T23:30:00", "\"2026-01-05T23:30:00Z\"", "2026-01-05", "5",
                              "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+00:01"}) {
        CAPTURE(wrong);
        CHECK(mentions(problem(a_case(bot + "time = " + wrong + "\n")),
                       "cases.toml:7: case.time: must "));
    }
}

TEST_CASE("cases: params are what JSON has words for", "[policy][cases]") {
    const auto params = [](const std::string& text) {
        return problem(a_case(bot + "params = " + text + "\n"));
    };
    CHECK(params("{ a = 9007199254740991, b = -9007199254740991 }") == "accepted");
    CHECK(mentions(params("{ a = 9007199254740992 }"), "case.params: must hold"));
    CHECK(mentions(params("{ a = -9007199254740992 }"), "case.params: must hold"));
    CHECK(mentions(params("{ a = 1.5 }"), "case.params: must hold"));
    CHECK(mentions(params("{ a = 2026-01-05 }"), "case.params: must hold"));
    CHECK(mentions(params("[1]"), "must be a table"));
    // Eight levels, the object itself being the first.
    CHECK(params("{ a = [[[[[[[1]]]]]]] }") == "accepted");
    CHECK(mentions(params("{ a = [[[[[[[[1]]]]]]]] }"), "case.params: nested too deeply"));
}

TEST_CASE("cases: a file has its bounds", "[policy][cases]") {
    std::string text = a_case(bot);
    text += "#" + std::string(max_cases_file - text.size() - 1, 'x');
    CHECK(problem(text) == "accepted");
    CHECK(mentions(problem(text + "x"), "longer than 4194304 bytes"));
    CHECK(problem(a_case(bot + "rules = []\n")) == "accepted");
    CHECK(mentions(problem("[[case]]\nname = \"" + std::string(max_case_name + 1, 'n') + "\"\n"),
                   "longer than 128 bytes"));
}

TEST_CASE("cases: each difference from what was expected is told", "[policy][cases]") {
    const auto by = policies(
        "@id(\"a\") permit(principal == Agent::\"bot\", action, resource);\n"
        "@id(\"b\") @approvals(\"2\") @approvers(\"finance\") permit(principal == Agent::\"two\", "
        "action, resource);\n"
        "@id(\"no\") forbid(principal == Agent::\"bad\", action, resource);\n");
    const auto expecting = [&by](const std::string& agent, const std::string& expect,
                                 const std::string& more) {
        return told(
            by, parsed(a_case("agent = { name = \"" + agent + "\" }\n" + more, expect)).front());
    };
    using Lines = std::vector<std::string>;
    CHECK(expecting("bot", "permit", "").empty());
    CHECK(expecting("bot", "permit", "rules = [\"refunds:a\"]\napprovals = 0\n").empty());
    CHECK(expecting("two", "permit", "approvals = 2\n").empty());
    CHECK(expecting("box", "deny", "rules = []\n").empty());
    CHECK(expecting("bad", "deny", "rules = [\"refunds:no\"]\n").empty());
    CHECK(expecting("bot", "deny", "") == Lines{"expected deny, is permitted by refunds:a"});
    CHECK(expecting("box", "permit", "") == Lines{"expected permit, is denied by default"});
    CHECK(expecting("bad", "permit", "") == Lines{"expected permit, is denied by refunds:no"});
    CHECK(expecting("bot", "permit", "rules = [\"refunds:b\"]\n") ==
          Lines{"expected by refunds:b, is by refunds:a"});
    CHECK(expecting("bad", "deny", "rules = []\n") ==
          Lines{"expected by default deny, is by refunds:no"});
    CHECK(expecting("two", "permit", "approvals = 0\n") ==
          Lines{"expected 0 approvals, asks for 2"});
    CHECK(differences({}, Error(Code::denied, "why")) == Lines{"cannot be decided: why"});
}
