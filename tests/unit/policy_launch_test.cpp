// The table [launch] of agent files, and one file read by itself.
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "policy/agent_file.h"
#include "tests/support/catch.h"
#include "tests/support/signed_by_others.h"
#include "tests/support/temporary_directory.h"

using namespace holdfast;
using namespace holdfast::policy;

namespace {

const std::string ssh_key = "ssh-ed25519 AAAA";
const std::string recognise =
    "[recognise]\nuid = 1001\nexecutable_sha256 = \"" + std::string(64, 'a') + "\"\n";

std::string file_with(const std::string& tables) {
    return "name = \"bot\"\n[accountability]\nsponsor = \"s\"\nowner = \"o\"\n"
           "policy_author = \"p\"\ncan_stop = [\"c\"]\n" +
           tables;
}

// Literal strings, so that a key keeps its line ends.
std::string keys_of(const std::vector<std::string>& keys) {
    std::string list = "[launch]\nmanifest_keys = [";
    for (const auto& key : keys)
        list += "'''" + key + "''',";
    return list + "]\n";
}

std::string problem(const std::string& tables) {
    const auto agent = parse_agent_file("bot.toml", file_with(tables));
    return agent ? "accepted" : agent.error().text();
}

bool mentions(const std::string& text, const std::string& word) {
    return text.find(word) != std::string::npos;
}

}  // namespace

TEST_CASE("agent file: [launch] names the keys, and an agent without on_change is killed",
          "[policy][launch]") {
    const auto agent = parse_agent_file("bot.toml", file_with(keys_of({ssh_key, "sk-ssh x"})));
    REQUIRE(agent);
    REQUIRE(agent->launch);
    CHECK(agent->launch->manifest_keys == std::vector<std::string>{ssh_key, "sk-ssh x"});
    CHECK(agent->launch->on_change == OnChange::kill);
}

TEST_CASE("agent file: who has no [launch] is not launched", "[policy][launch]") {
    const auto agent = parse_agent_file("bot.toml", file_with(recognise));
    REQUIRE(agent);
    CHECK_FALSE(agent->launch);
}

TEST_CASE("agent file: on_change is kill or refuse, in these words", "[policy][launch]") {
    const auto of = [](const std::string& value) {
        return parse_agent_file("bot.toml",
                                file_with(keys_of({ssh_key}) + "on_change = " + value + "\n"));
    };
    REQUIRE(of("\"kill\""));
    CHECK(of("\"kill\"")->launch->on_change == OnChange::kill);
    REQUIRE(of("\"refuse\""));
    CHECK(of("\"refuse\"")->launch->on_change == OnChange::refuse);
    for (const char* wrong : {"\"\"", "\"Kill\"", "\"kill \"", "\"freeze\"", "1", "true"}) {
        INFO(wrong);
        CHECK_FALSE(of(wrong));
    }
}

TEST_CASE("agent file: manifest_keys are one at least and sixteen at most", "[policy][launch]") {
    CHECK(mentions(problem("[launch]\n"), "manifest_keys"));
    CHECK(mentions(problem(keys_of({})), "manifest_keys: must name a key"));
    std::vector<std::string> keys;
    while (keys.size() < max_manifest_keys)
        keys.push_back(ssh_key + std::to_string(keys.size()));
    CHECK(problem(keys_of(keys)) == "accepted");
    keys.push_back(ssh_key);
    CHECK(mentions(problem(keys_of(keys)), "manifest_keys: more than 16 entries"));
    CHECK(mentions(problem(keys_of({ssh_key, ssh_key})), "twice"));
}

TEST_CASE("agent file: a manifest key holds 4096 bytes and not one more", "[policy][launch]") {
    const std::string longest = ssh_key + std::string(max_manifest_key - ssh_key.size(), 'A');
    CHECK(problem(keys_of({longest})) == "accepted");
    CHECK(mentions(problem(keys_of({longest + "A"})), "manifest_keys"));
}

TEST_CASE("agent file: a manifest key is an SSH public key or a PEM one", "[policy][launch]") {
    for (const auto key : {tests::by_others::ssh_ed25519.key, tests::by_others::ssh_p256.key,
                           tests::by_others::ssh_sk_ed25519.key, tests::by_others::pem_p256.key}) {
        INFO(key);
        const auto agent = parse_agent_file("bot.toml", file_with(keys_of({std::string(key)})));
        REQUIRE(agent);
        CHECK(agent->launch->manifest_keys.front() == key);  // a PEM one in all its lines
    }
    for (const char* wrong : {"", "rsa AAAA", " ssh-ed25519 AAAA", "/etc/keys/release.pub",
                              "-----BEGIN OPENSSH PRIVATE KEY-----\n",
                              "-----BEGIN PRIVATE KEY-----\n", "-----BEGIN CERTIFICATE-----\n"}) {
        INFO(wrong);
        CHECK(mentions(problem(keys_of({ssh_key, wrong})), "manifest_keys"));
    }
}

TEST_CASE("agent file: an agent is recognised or launched, never both and never neither",
          "[policy][launch]") {
    CHECK(mentions(problem(keys_of({ssh_key}) + recognise), "one or the other"));
    CHECK(mentions(problem(recognise + keys_of({ssh_key})), "one or the other"));
    CHECK(mentions(problem(""), "recognise"));
}

TEST_CASE("agent file: [launch] has no other keys", "[policy][launch]") {
    CHECK(mentions(problem(keys_of({ssh_key}) + "uid = 1001\n"), "uid"));
}

TEST_CASE("agent file: two launched agents are told apart without uid and executable",
          "[policy][launch]") {
    const tests::TemporaryDirectory directory;
    for (const char* name : {"a", "b"}) {
        std::string text = file_with(keys_of({ssh_key}));
        text.replace(text.find("bot"), 3, name);
        std::ofstream(directory.file(std::string(name) + ".toml")) << text;
    }
    const auto agents = read_agent_files(directory.path());
    REQUIRE(agents);
    CHECK(agents->size() == 2);
}

TEST_CASE("agent file: one is read by its agent's name, and by nothing else", "[policy][launch]") {
    const tests::TemporaryDirectory directory;
    std::ofstream(directory.file("bot.toml")) << file_with(keys_of({ssh_key}));
    const auto agent = read_agent_file(directory.path(), "bot");
    REQUIRE(agent);
    CHECK(agent->name == "bot");
    CHECK(read_agent_file(directory.path(), "other").error().code() == Code::not_found);

    // The name becomes part of a path.
    const std::string inside = directory.file("inside");
    REQUIRE(::mkdir(inside.c_str(), 0700) == 0);
    for (const char* wrong : {"", "../bot", "./bot", "Bot"}) {
        INFO(wrong);
        const auto refused = read_agent_file(inside, wrong);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code() == Code::invalid);
    }
    // Its content names another agent.
    std::ofstream(directory.file("other.toml")) << file_with(keys_of({ssh_key}));
    CHECK(read_agent_file(directory.path(), "other").error().code() == Code::invalid);
}

TEST_CASE("agent file: one that others may write launches nobody", "[policy][launch]") {
    const tests::TemporaryDirectory directory;
    std::ofstream(directory.file("bot.toml")) << file_with(keys_of({ssh_key}));
    const auto accepted = [&](mode_t of_directory, mode_t of_file) {
        REQUIRE(::chmod(directory.path().c_str(), of_directory) == 0);
        REQUIRE(::chmod(directory.file("bot.toml").c_str(), of_file) == 0);
        return read_agent_file(directory.path(), "bot").has_value();
    };
    CHECK(accepted(0755, 0644));
    CHECK_FALSE(accepted(0755, 0646));
    CHECK_FALSE(accepted(0755, 0664));
    CHECK_FALSE(accepted(0775, 0644));
    CHECK_FALSE(accepted(0757, 0644));
    if (::geteuid() != 0) HOLDFAST_SKIP("needs root to give a file away");
    REQUIRE(accepted(0755, 0644));
    REQUIRE(::chown(directory.file("bot.toml").c_str(), 20001, 20001) == 0);
    CHECK_FALSE(accepted(0755, 0644));
    REQUIRE(::chown(directory.file("bot.toml").c_str(), 0, 0) == 0);
    REQUIRE(::chown(directory.path().c_str(), 20001, 20001) == 0);
    CHECK_FALSE(accepted(0755, 0644));
    REQUIRE(::chown(directory.path().c_str(), 0, 0) == 0);
}
