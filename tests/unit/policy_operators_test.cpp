// operators.toml: people, their logins and keys, and who signed something.
#include <sys/stat.h>

#include <fstream>

#include "policy/operators.h"
#include "tests/support/catch.h"
#include "tests/support/signed_by_others.h"
#include "tests/support/temporary_directory.h"

using namespace holdfast;
using namespace holdfast::policy;
namespace by_others = tests::by_others;

namespace {

// Without the line feed that a .pub file ends with.
std::string line_of(std::string_view key) {
    return std::string(key.substr(0, key.find('\n')));
}

std::string operator_of(const std::string& name, const std::string& rest) {
    return "[[operator]]\nname = \"" + name + "\"\n" + rest;
}

std::string keys_of(std::string_view key) {
    return "keys = [\"" + line_of(key) + "\"]\n";
}

Operators parsed(const std::string& text) {
    auto operators = Operators::parse("operators.toml", text);
    if (!operators) FAIL(operators.error().text());
    return *std::move(operators);
}

std::string problem(const std::string& text) {
    const auto operators = Operators::parse("operators.toml", text);
    return operators ? "accepted" : operators.error().text();
}

bool mentions(const std::string& text, const std::string& word) {
    return text.find(word) != std::string::npos;
}

}  // namespace

TEST_CASE("operators: a file says who somebody is, by login and by key", "[policy][operators]") {
    const auto operators = parsed(operator_of("carol@example.com",
                                              "uids = [1000, 1001]\npolicies = true\n"
                                              "groups = [\"finance\", \"on-call\"]\n" +
                                                  keys_of(by_others::ssh_ed25519.key)) +
                                  operator_of("dave@example.com", "uids = [1002]\n"));
    REQUIRE(operators.all().size() == 2);
    const Operator* carol = operators.find("carol@example.com");
    REQUIRE(carol != nullptr);
    CHECK(carol->groups == std::vector<std::string>{"finance", "on-call"});
    CHECK(carol->policies);
    CHECK(carol->keys.size() == 1);
    CHECK(operators.of_principal("login:1001") == carol);
    CHECK(operators.of_principal("uid:1002") == operators.find("dave@example.com"));
    CHECK_FALSE(operators.find("dave@example.com")->policies);
    CHECK(operators.of_principal("uid:1003") == nullptr);
    CHECK(operators.of_principal("uid:1002x") == nullptr);
    CHECK(operators.of_principal("1002") == nullptr);
    CHECK(operators.find("erin@example.com") == nullptr);
}

TEST_CASE("operators: an empty file is nobody, and so is none", "[policy][operators]") {
    CHECK(parsed("").all().empty());
    const tests::TemporaryDirectory folder;
    const auto missing = Operators::read(folder.file("operators.toml"));
    REQUIRE(missing);
    CHECK(missing->all().empty());
    const auto no_folder = Operators::read(folder.file("none/operators.toml"));
    REQUIRE(no_folder);
    CHECK(no_folder->all().empty());
}

TEST_CASE("operators: what others may write names nobody", "[policy][operators]") {
    const tests::TemporaryDirectory folder;
    const std::string path = folder.file("operators.toml");
    std::ofstream(path) << operator_of("carol", "uids = [1]\n");
    REQUIRE(::chmod(path.c_str(), 0644) == 0);
    CHECK(Operators::read(path));
    REQUIRE(::chmod(path.c_str(), 0664) == 0);
    CHECK_FALSE(Operators::read(path));
}

TEST_CASE("operators: nobody can be two people, and nobody can be nobody", "[policy][operators]") {
    const std::string key = keys_of(by_others::ssh_ed25519.key);
    CHECK(mentions(problem(operator_of("a", "uids = [1]\n") + operator_of("a", "uids = [2]\n")),
                   "operators.toml:5: operator.name: name a is a's already"));
    CHECK(mentions(problem(operator_of("a", "uids = [1]\n") + operator_of("b", "uids = [1]\n")),
                   "uid 1 is a's already"));
    CHECK(mentions(problem(operator_of("a", key) + operator_of("b", key)), "is a's already"));
    CHECK(mentions(problem(operator_of("a", "groups = [\"x\"]\n")), "neither uids nor keys"));
}

TEST_CASE("operators: what cannot be meant is refused with its line", "[policy][operators]") {
    CHECK(mentions(problem("[[operators]]\n"), "operators.toml:1: operators: unknown key"));
    CHECK(mentions(problem(operator_of("a", "uid = 1\n")), "uid: unknown key"));
    CHECK(mentions(problem(operator_of("a", "uids = [-1]\n")), "operators.toml:3:"));
    CHECK(mentions(problem(operator_of("a", "uids = [\"1\"]\n")), "integers"));
    CHECK(
        mentions(problem(operator_of("a", "uids = [1]\ngroups = [\"Finance\"]\n")), "lower case"));
    CHECK(mentions(problem(operator_of("a", "uids = [1]\npolicies = 1\n")), "true or false"));
    CHECK(mentions(problem(operator_of("a", "keys = [\"ssh-ed25519 AAAA\"]\n")),
                   "operators.toml:3: operator.keys:"));
    CHECK(mentions(problem("operator = 3\n"), "[[operator]]"));
    CHECK(mentions(problem("operator = [3]\n"), "[[operator]]"));
    std::string pem(by_others::pem_ed25519.key);
    CHECK_FALSE(Operators::parse("o", operator_of("a", "keys = ['''" + pem + "''']\n")));
}

TEST_CASE("operators: no more of them, of their uids, keys and groups than fit",
          "[policy][operators]") {
    const auto many = [](std::size_t count) {
        std::string text;
        for (std::size_t i = 0; i < count; ++i)
            text += operator_of("o" + std::to_string(i), "uids = [" + std::to_string(i) + "]\n");
        return text;
    };
    CHECK(problem(many(max_operators)) == "accepted");
    CHECK(mentions(problem(many(max_operators + 1)), "more than 256"));
    const auto uids = [](std::size_t count) {
        std::string text = "uids = [0";
        for (std::size_t i = 1; i < count; ++i)
            text += "," + std::to_string(i);
        return operator_of("a", text + "]\n");
    };
    CHECK(problem(uids(max_operator_uids)) == "accepted");
    CHECK(mentions(problem(uids(max_operator_uids + 1)), "more than 16"));
    const std::string fill = operator_of("a", "uids = [1]\n");
    CHECK(problem(fill + "#" + std::string(max_operators_file - fill.size() - 1, ' ')) ==
          "accepted");
    CHECK(mentions(problem(fill + "#" + std::string(max_operators_file - fill.size(), ' ')),
                   "longer than"));
}

TEST_CASE("operators: a signature is somebody's, or nobody's, or for something else",
          "[policy][operators]") {
    const auto operators = parsed(operator_of("carol", keys_of(by_others::ssh_ed25519.key)) +
                                  operator_of("dave", keys_of(by_others::ssh_sk_p256.key)));
    const auto message = view_of(by_others::message);
    const auto signer = [&](const by_others::Signed& what, std::string_view name_space) {
        return operators.signer(name_space, message, view_of(what.signature));
    };
    const auto carol = signer(by_others::ssh_ed25519, by_others::name_space);
    REQUIRE(carol);
    CHECK(carol->who->name == "carol");
    CHECK(carol->fingerprint == operators.find("carol")->keys[0].fingerprint());
    CHECK(signer(by_others::ssh_sk_p256, by_others::name_space)->who->name == "dave");
    CHECK(signer(by_others::ssh_p256, by_others::name_space).error().reason() == "unknown_signer");
    CHECK(signer(by_others::ssh_ed25519, "holdfast-policy").error().reason() == "wrong_namespace");
    CHECK(operators
              .signer(by_others::name_space, view_of("other"),
                      view_of(by_others::ssh_ed25519.signature))
              .error()
              .reason() == "bad_signature");
    CHECK(operators.signer(by_others::name_space, message, view_of("SSHSIG")).error().reason() ==
          "malformed_signature");
}
