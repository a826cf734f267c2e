// holdfast policy check: what the files are, and everything that is wrong with them.
#include <filesystem>

#include "policy/policy_set.h"
#include "tests/support/catch.h"
#include "tests/support/cli_run.h"
#include "tests/support/ssh_signer.h"

using namespace holdfast;
using cli::Exit;
using tests::Desk;
using tests::printed;
using tests::SshSigner;

namespace {

constexpr const char* refunds =
    "//! version = 7\n"
    "@id(\"refunds\") permit(principal, action == Action::\"refund.create\", resource);\n";
constexpr const char* nights =
    "//! version = 1\n//! mode = observe\n"
    "@id(\"nights\") forbid(principal, action, resource) when { context.time.hour < 6 };\n"
    "@id(\"rest\") permit(principal, action, resource);\n";

std::string person(const std::string& name, const SshSigner& key, bool policies) {
    return "[[operator]]\nname = \"" + name + "\"\nkeys = [\"" + key.line() +
           "\"]\npolicies = " + (policies ? "true" : "false") + "\n";
}

std::string signature(const SshSigner& key, const char* text) {
    return key.armored(text, policy::policy_namespace);
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("policy check: says of each file what it is", "[cli][policy]") {
    const Desk desk;
    const auto one = desk.put("refunds.cedar", refunds);
    const auto other = desk.put("trial.cedar", nights);
    const auto checked = printed({"policy", "check", one, other});
    CHECK(checked.exit == Exit::ok);
    CHECK(desk.without_folder(checked.out) ==
          "refunds.cedar: refunds version 7, enforce, 1 policy, unsigned\n"
          "trial.cedar: trial version 1, observe, 2 policies, unsigned\n");
    // A folder is all its policy files, and no other.
    (void)desk.put("notes.txt", "none");
    (void)desk.put(".refunds.cedar", "an editor's");
    CHECK(printed({"policy", "check", desk.folder()}).out == checked.out);
}

TEST_CASE("policy check: every finding, where it stands", "[cli][policy]") {
    const Desk desk;
    const auto bad = desk.put("bad.cedar",
                              "//! version = 1\n"
                              "@id(\"a\") permit(principal, action, resource)\n"
                              "when { principal.sponsr == \"x\" };\n"
                              "@id(\"b\") permit(principal, action, resource)\n"
                              "when { 1 < \"a\" };\n");
    const auto headless = desk.put("headless.cedar", "permit(principal, action, resource);");
    const auto good = desk.put("refunds.cedar", refunds);
    const auto checked = printed({"policy", "check", bad, headless, good});
    CHECK(checked.exit == Exit::error);
    CHECK(has(checked.out, bad + ":3:18: an Agent has no attribute sponsr\n"));
    CHECK(has(checked.out, bad + ":5:12: "));
    CHECK(has(checked.out, headless + ":1:"));
    CHECK(has(checked.out, good + ": refunds version 7"));
}

TEST_CASE("policy check: files that are right alone may be wrong together", "[cli][policy]") {
    const Desk desk;
    const auto one = desk.put("one.cedar", refunds);
    const auto two = desk.put("two.cedar", refunds);
    const auto checked = printed({"policy", "check", one, two});
    CHECK(checked.exit == Exit::error);
    CHECK(has(checked.out, two + ":2:1: @id(\"refunds\") names another policy already\n"));

    std::filesystem::create_directory(desk.path("drafts"));
    const auto same = desk.put("drafts/one.cedar", nights);
    CHECK(has(printed({"policy", "check", one, same}).out,
              same + ": another file is the set one, too\n"));
}

TEST_CASE("policy check: with operators, whose signature stands beside it", "[cli][policy]") {
    const Desk desk;
    const SshSigner carol(1), dave(2), mallory(3);
    const auto operators =
        desk.put("operators.toml", person("carol", carol, true) + person("dave", dave, false));
    const auto file = desk.put("refunds.cedar", refunds);
    const cli::Arguments check = {"policy", "check", file, "--operators", operators};

    auto checked = printed(check);
    CHECK(checked.exit == Exit::error);
    CHECK(has(checked.out, file + ": has no signature refunds.cedar.sig beside it\n"));

    (void)desk.put("refunds.cedar.sig", signature(carol, refunds));
    checked = printed(check);
    CHECK(checked.exit == Exit::ok);
    CHECK(checked.out == file + ": refunds version 7, enforce, 1 policy, by carol\n");
    CHECK(has(printed({"policy", "check", file}).out, "signature not looked at"));

    (void)desk.put("refunds.cedar.sig", signature(dave, refunds));
    checked = printed(check);
    CHECK(checked.exit == Exit::error);
    CHECK(has(checked.out, file + ".sig: dave may not sign policies\n"));
    for (const std::string& wrong :
         {signature(mallory, refunds), signature(carol, nights),
          carol.armored(refunds, "holdfast-approval"), std::string("nothing")}) {
        (void)desk.put("refunds.cedar.sig", wrong);
        CHECK(printed(check).exit == Exit::error);
    }
}

TEST_CASE("policy check: a file that is not there is no file without findings", "[cli][policy]") {
    const Desk desk;
    CHECK(printed({"policy", "check", desk.path("none.cedar")}).exit == Exit::not_found);
    CHECK(printed({"policy", "check"}).exit == Exit::usage);
    const auto file = desk.put("refunds.cedar", refunds);
    CHECK(printed({"policy", "check", file, "--operators", desk.path("none.toml")}).exit ==
          Exit::not_found);
    CHECK(has(printed({"policy", "check", desk.put("Refunds.cedar", refunds)}).out,
              desk.path("Refunds.cedar") + ": its name takes"));
}

TEST_CASE("policy check: the machine's form", "[cli][policy]") {
    const Desk desk;
    const auto file = desk.put("refunds.cedar", refunds);
    const auto checked = printed({"policy", "check", "--json", file});
    const auto json = encode::parse_json(checked.out);
    REQUIRE(json);
    CHECK(*json->find("valid")->boolean());
    const auto& read = json->find("files")->array()->front();
    CHECK(*read.find("file")->string() == file);
    CHECK(*read.find("set")->string() == "refunds");
    CHECK(*read.find("version")->integer() == 7);
    CHECK(read.find("author")->is_null());
    CHECK_FALSE(*read.find("signed")->boolean());
}
