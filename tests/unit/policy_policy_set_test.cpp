// Policy sets: what a file says of itself, whose signature stands beside it, a whole folder.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "policy/cedar/limits.h"
#include "policy/policy_set.h"
#include "tests/support/catch.h"
#include "tests/support/ssh_signer.h"
#include "tests/support/temporary_directory.h"

using namespace holdfast;
using namespace holdfast::policy;
using tests::SshSigner;

namespace {

const std::string rule = "@id(\"a\") permit(principal, action, resource);\n";
const std::string text = "//! version = 7\n" + rule;

std::string problem(const std::string& content, const std::string& name = "payments.cedar") {
    const auto set = parse_policy_set(name, content);
    return set ? "accepted" : set.error().text();
}

std::string operator_of(const std::string& name, const SshSigner& key, bool policies) {
    return "[[operator]]\nname = \"" + name + "\"\nkeys = [\"" + key.line() +
           "\"]\npolicies = " + (policies ? "true" : "false") + "\n";
}

struct PolicyFolder : tests::TemporaryDirectory {
    void write(const std::string& name, const std::string& content) const {
        std::ofstream(file(name)) << content;
    }
};

struct Signers {
    SshSigner author{1}, clerk{2}, stranger{3};
    Operators operators = *Operators::parse(
        "operators.toml", operator_of("erin", author, true) + operator_of("carol", clerk, false));

    std::string reason(const std::string& signature, Unsigned allowed = Unsigned::refuse) {
        set = *parse_policy_set("payments.cedar", text);
        set.signature = signature;
        const Done checked = check_author(set, operators, allowed);
        return checked ? "accepted" : checked.error().reason();
    }
    std::string by(const SshSigner& key, const char* name_space = "holdfast-policy") {
        return reason(key.armored(text, name_space), Unsigned::allow);
    }
    PolicySet set;
};

}  // namespace

TEST_CASE("policy set: its head says version and mode", "[policy][sets]") {
    const auto set = parse_policy_set("/etc/holdfast/policies.d/pay_ments-2.cedar",
                                      "//! mode = observe\n//!version=7\n" + rule);
    REQUIRE(set);
    CHECK(set->name == "pay_ments-2");
    CHECK(set->version == 7);
    CHECK(set->mode == Mode::observe);
    CHECK(set->rules.policies.size() == 1);
    CHECK_FALSE(set->may_permit);
    CHECK(parse_policy_set("a.cedar", text)->mode == Mode::enforce);
    // Without a policy it ends an older version.
    CHECK(parse_policy_set("a.cedar", "//! version = 9007199254740991\n"));
}

TEST_CASE("policy set: a head that is not understood is refused with its line", "[policy][sets]") {
    CHECK(problem(rule) == "payments.cedar:1:1: the head must say \"//! version = NUMBER\"");
    // Below the first other line there is no head any more.
    CHECK(problem("\n" + text).find("the head must say") != std::string::npos);
    for (const char* version : {"0", "-1", "9007199254740992", "7a", "", "1.0", "0x1"})
        CHECK(problem("//! version = " + std::string(version) + "\n" + rule) ==
              "payments.cedar:1:1: version must be a number from 1 to 9007199254740991");
    CHECK(problem("//! version = 1\n//! mode = audit\n" + rule) ==
          "payments.cedar:2:1: mode must be observe or enforce");
    CHECK(problem("//! version = 1\n//! version = 2\n" + rule) ==
          "payments.cedar:2:1: stands there twice");
    CHECK(problem("//! version = 1\n//! mode = enforce\n//! mode = observe\n" + rule) ==
          "payments.cedar:3:1: stands there twice");
    CHECK(problem("//! version = 1\n//! author = erin\n" + rule) ==
          "payments.cedar:2:1: must be version or mode");
    CHECK(problem("//! version = 1\n//! observed\n" + rule) ==
          "payments.cedar:2:1: must be \"//! KEY = VALUE\"");
}

TEST_CASE("policy set: a head line below the head is refused where it stands", "[policy][sets]") {
    const std::string head = "//! version = 1\n";
    const std::string wrong = ": \"//!\" belongs to the head: it stands above all other lines";
    const std::string mode = "//! mode = observe\n";
    CHECK(problem(head + "\n" + mode + rule) == "payments.cedar:3:1" + wrong);
    CHECK(problem(head + "// what for\n" + mode + rule) == "payments.cedar:3:1" + wrong);
    CHECK(problem(head + " \t" + mode + rule) == "payments.cedar:2:3" + wrong);
    CHECK(problem(head + rule + mode) == "payments.cedar:3:1" + wrong);
    CHECK(problem(head + rule + "//!") == "payments.cedar:3:1" + wrong);
    CHECK(problem(head + "// what for\r" + mode + rule) == "payments.cedar:2:13" + wrong);
    CHECK(problem(head + "@id(\"a\")\n" + mode + "permit(principal, action, resource);\n") ==
          "payments.cedar:3:1" + wrong);
    // The last quote ends a string of several lines.
    CHECK(problem(head + "@id(\"a\") @reason(\"two\nlines\")\n" + mode +
                  "permit(principal, action, resource);\n") == "payments.cedar:4:1" + wrong);
}

TEST_CASE("policy set: what only looks like a head line is none", "[policy][sets]") {
    const std::string head = "//! version = 1\n";
    // Cedar's strings may span lines, also behind a quote that is escaped.
    CHECK(problem(head + "@id(\"a\") @reason(\"see\n//! mode = observe\n\\\"\n//! x\") "
                         "permit(principal, action, resource);\n") == "accepted");
    CHECK(problem(head + "@id(\"a\") //! first\npermit(principal, action, resource);\n") ==
          "accepted");
    CHECK(problem(head + "// //! mode = observe\n///! mode\n// !\n" + rule) == "accepted");
}

TEST_CASE("policy set: a name is a file's", "[policy][sets]") {
    const std::string longest(max_set_name, 'a');
    CHECK(problem(text, longest + ".cedar") == "accepted");
    for (const std::string& name :
         {std::string("Payments.cedar"), std::string(".cedar"), std::string("a b.cedar"),
          std::string("a:b.cedar"), longest + "a.cedar"})
        CHECK(problem(text, name).ends_with("its name takes 1 to 64 of a-z, 0-9, - and _"));
    CHECK(problem(text, "payments.txt") == "payments.txt: must end in .cedar");
}

TEST_CASE("policy set: every finding is told, each in its line", "[policy][sets]") {
    const std::string found = problem(
        "//! version = 1\n"
        "@id(\"a\") permit(principal, action, resource)\n"
        "when { principal.sponsr == \"x\" };\n"
        "@id(\"b\") permit(principal, action, resource)\n"
        "when { principal.environment == \"x\" };\n");
    CHECK(found.starts_with("payments.cedar:3:"));
    CHECK(found.find("\npayments.cedar:5:") != std::string::npos);
}

TEST_CASE("policy set: whose signature counts", "[policy][sets]") {
    Signers world;
    CHECK(world.by(world.author) == "accepted");
    CHECK(world.set.may_permit);
    CHECK(world.set.author == "erin");
    CHECK(world.set.author_key.starts_with("SHA256:"));
    // Allowing unsigned sets allows no wrong signature.
    CHECK(world.by(world.clerk) == "not_policy_author");
    CHECK(world.by(world.stranger) == "unknown_signer");
    CHECK(world.by(world.author, "holdfast-approval") == "wrong_namespace");
    CHECK(world.reason(world.author.armored(text + " ", "holdfast-policy")) == "bad_signature");
    CHECK(world.reason("no signature") == "malformed_signature");
    CHECK_FALSE(world.set.may_permit);
    CHECK(world.set.author.empty());
}

TEST_CASE("policy set: nobody's signature counts where it is allowed", "[policy][sets]") {
    Signers world;
    CHECK(world.reason("") == "policy_unsigned");
    CHECK_FALSE(world.set.may_permit);
    CHECK(world.reason("", Unsigned::allow) == "accepted");
    CHECK(world.set.may_permit);
    CHECK(world.set.author.empty());
}

TEST_CASE("policy sets: a folder, each file with the signature beside it", "[policy][sets]") {
    const PolicyFolder directory;
    directory.write("a.cedar", text);
    directory.write("b.cedar", "//! version = 1\n");
    directory.write("b.cedar.sig", "signed");
    directory.write(".c.cedar", "an editor's");
    directory.write("readme.txt", "of no interest");
    const auto sets = read_policy_sets(directory.path());
    REQUIRE(sets);
    REQUIRE(sets->size() == 2);
    CHECK(sets->at("a").signature.empty());
    CHECK(sets->at("b").signature == "signed");
}

TEST_CASE("policy sets: no folder is none, and a folder of others is refused", "[policy][sets]") {
    const PolicyFolder directory;
    CHECK(read_policy_sets(directory.file("none"))->empty());
    REQUIRE(::chmod(directory.path().c_str(), 0777) == 0);
    CHECK(read_policy_sets(directory.path()).error().code() == Code::invalid);
    REQUIRE(::chmod(directory.path().c_str(), 0700) == 0);
    directory.write("a.cedar", text);
    REQUIRE(::chmod(directory.file("a.cedar").c_str(), 0666) == 0);
    CHECK(read_policy_sets(directory.path()).error().code() == Code::invalid);
}

TEST_CASE("policy sets: as many and as long as they may be", "[policy][sets]") {
    const PolicyFolder directory;
    for (std::size_t n = 0; n < max_policy_sets; ++n)
        directory.write("s" + std::to_string(n) + ".cedar", "//! version = 1\n");
    CHECK(read_policy_sets(directory.path())->size() == max_policy_sets);
    directory.write("one-more.cedar", "//! version = 1\n");
    CHECK(read_policy_sets(directory.path()).error().text().find("more than 64") !=
          std::string::npos);
    std::filesystem::remove(directory.file("one-more.cedar"));
    directory.write("s0.cedar.sig", std::string(max_signature, 's'));
    CHECK(read_policy_sets(directory.path()));
    directory.write("s0.cedar.sig", std::string(max_signature + 1, 's'));
    CHECK(read_policy_sets(directory.path()).error().text() ==
          "s0.cedar.sig:1: longer than 24576 bytes");
    directory.write("s0.cedar.sig", "");
    directory.write("s1.cedar", "//! version = 1\n" + std::string(cedar::max_text, '/'));
    CHECK_FALSE(read_policy_sets(directory.path()));
}
