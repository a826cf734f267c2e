#include <array>
#include <fstream>
#include <sstream>

#include "core/crypto/digest.h"
#include "core/encode/base64.h"
#include "policy/agent_file.h"
#include "policy/policy_set.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::policy;

namespace {

const std::string digest_text(64, 'a');

// Every part as a string, so that a test can change one and leave the rest right.
struct Parts {
    std::string name = "name = \"bot\"\n";
    std::string root = "environment = \"test\"\n";
    std::string accountability =
        "[accountability]\nsponsor = \"s\"\nowner = \"o\"\npolicy_author = \"p\"\ncan_stop = "
        "[\"c\"]\n";
    std::string recognise =
        "[recognise]\nuid = 1001\nexecutable_sha256 = \"" + digest_text + "\"\n";
    std::string credential;

    std::string text() const { return name + root + accountability + recognise + credential; }
};

std::string problem(const Parts& parts) {
    const auto agent = parse_agent_file("bot.toml", parts.text());
    return agent ? "accepted" : agent.error().text();
}

std::string list_of(std::size_t count) {
    std::string list = "[";
    for (std::size_t i = 0; i < count; ++i)
        list += "\"a" + std::to_string(i) + "\",";
    return list + "]";
}

}  // namespace

TEST_CASE("agent file: the example of docs/agent-file.md is one", "[policy]") {
    std::ifstream file(HOLDFAST_SOURCE_DIR "/docs/agent-file.md");
    std::ostringstream content;
    content << file.rdbuf();
    const std::string doc = content.str();
    const std::size_t begin = doc.find("```toml\n");
    REQUIRE(begin != std::string::npos);
    const std::string text = doc.substr(begin + 8, doc.find("```\n", begin + 8) - begin - 8);
    const auto agent = parse_agent_file("refund-agent.toml", text);
    INFO((agent ? "" : agent.error().text()));
    REQUIRE(agent);
    CHECK(agent->name == "refund-agent");
    CHECK(agent->environment == "production");
    CHECK(agent->accountability.sponsor == "finance@example.org");
    CHECK(agent->accountability.owner == "refunds-team@example.org");
    CHECK(agent->accountability.policy_author == "security@example.org");
    CHECK(agent->accountability.can_stop ==
          std::vector<std::string>{"oncall@example.org", "finance@example.org"});
    CHECK(agent->uid == 1001);
    CHECK(encode::hex(agent->executable).starts_with("0d71ee44"));
    CHECK(agent->lifetime == 3600);
    CHECK(agent->digest == crypto::sha256(view_of(text)));
}

TEST_CASE("agent file: what may be left out has the documented meaning", "[policy]") {
    Parts parts;
    parts.root.clear();
    const auto agent = parse_agent_file("/etc/holdfast/agents.d/bot.toml", parts.text());
    REQUIRE(agent);
    CHECK(agent->environment.empty());
    CHECK(agent->lifetime == default_lifetime);
}

TEST_CASE("agent file: unknown keys are refused at every level, with file and line", "[policy]") {
    Parts parts;
    parts.root = "action = [\"refund.create\"]\n";
    CHECK(problem(parts) == "bot.toml:2: action: unknown key");
    parts = {};
    parts.accountability += "sponser = \"x\"\n";
    CHECK(problem(parts) == "bot.toml:8: accountability.sponser: unknown key");
    parts = {};
    parts.recognise += "gid = 5\n";
    CHECK(problem(parts) == "bot.toml:11: recognise.gid: unknown key");
    parts = {};
    parts.credential = "[credential]\nlifetime = 600\n";
    CHECK(problem(parts) == "bot.toml:12: credential.lifetime: unknown key");
    parts = {};
    parts.credential = "[limits]\n";
    CHECK(problem(parts) == "bot.toml:11: limits: unknown key");
}

TEST_CASE("agent file: nobody is left out of who answers for it", "[policy]") {
    for (const std::string key : {"sponsor", "owner", "policy_author", "can_stop"}) {
        Parts parts;
        const std::size_t at = parts.accountability.find(key);
        parts.accountability.erase(at, parts.accountability.find('\n', at) + 1 - at);
        CHECK(problem(parts) == "bot.toml:3: accountability." + key + ": is missing");
    }
    Parts parts;
    parts.accountability.clear();
    CHECK(problem(parts).find("accountability: is missing") != std::string::npos);
    parts.accountability =
        "[accountability]\nsponsor = \"\"\nowner = \"o\"\npolicy_author = \"p\"\ncan_stop = []\n";
    CHECK(problem(parts) == "bot.toml:4: accountability.sponsor: must not be empty");
    parts.accountability.replace(parts.accountability.find("\"\""), 2, "\"s\"");
    CHECK(problem(parts) == "bot.toml:7: accountability.can_stop: must name somebody");
}

TEST_CASE("agent file: the name is the file's", "[policy]") {
    const std::string text = Parts().text();
    CHECK_FALSE(parse_agent_file("other.toml", text));
    CHECK_FALSE(parse_agent_file("bot", text));
    CHECK_FALSE(parse_agent_file("bot.conf", text));
    Parts parts;
    parts.name = "name = \"Bot\"\n";
    CHECK(problem(parts).starts_with("bot.toml:1: name: agent name"));
    parts.name = "name = 5\n";
    CHECK(problem(parts) == "bot.toml:1: name: must be a string");
}

TEST_CASE("agent file: a caller is recognised by one user and one digest", "[policy]") {
    const std::string digest = "executable_sha256 = \"" + digest_text + "\"\n";
    const std::pair<std::string, std::string> wrong[] = {
        {"uid = 1\nuser = \"root\"\n" + digest,
         "bot.toml:10: recognise.user: either uid or user, not both"},
        {digest, "bot.toml:8: recognise.uid: or user is missing"},
        {"user = \"no-such-user-here\"\n" + digest, "no user \"no-such-user-here\""},
        {"uid = -1\n" + digest, "must be from 0"},
        {"uid = 4294967295\n" + digest, "must be from 0"},
        {"uid = 65534\n" + digest, "65534 stands for"},
        {"uid = \"1\"\n" + digest, "must be an integer"},
        {"uid = 1.0\n" + digest, "must be an integer"},
        {"uid = 1\n", "executable_sha256: is missing"},
        {"uid = 1\nexecutable_sha256 = \"" + std::string(64, 'A') + "\"\n", "hex"},
        {"uid = 1\nexecutable_sha256 = \"" + std::string(63, 'a') + "\"\n", "hex"}};
    for (const auto& [recognise, expected] : wrong) {
        Parts parts;
        parts.recognise = "[recognise]\n" + recognise;
        INFO(problem(parts));
        CHECK(problem(parts).find(expected) != std::string::npos);
    }
    Parts parts;
    parts.recognise = "[recognise]\nuser = \"root\"\n" + digest;
    CHECK(parse_agent_file("bot.toml", parts.text())->uid == 0);
    parts.recognise = "[recognise]\nuid = 4294967294\n" + digest;
    CHECK(parse_agent_file("bot.toml", parts.text())->uid == 4294967294U);
}

TEST_CASE("agent file: lifetimes hold at the bounds and not one past them", "[policy]") {
    for (const auto& [lifetime, accepted] : {std::pair(300, true), std::pair(86400, true),
                                             std::pair(299, false), std::pair(86401, false)}) {
        Parts parts;
        parts.credential = "[credential]\nlifetime_s = " + std::to_string(lifetime) + "\n";
        const auto agent = parse_agent_file("bot.toml", parts.text());
        CHECK(agent.has_value() == accepted);
        if (agent) CHECK(agent->lifetime == lifetime);
    }
}

TEST_CASE("agent file: lists hold at the bounds and not one past them", "[policy]") {
    Parts parts;
    const std::string before = "can_stop = [\"c\"]";
    const std::size_t at = parts.accountability.find(before);
    parts.accountability.replace(at, before.size(), "can_stop = " + list_of(max_can_stop));
    CHECK(problem(parts) == "accepted");
    parts = {};
    parts.accountability.replace(at, before.size(), "can_stop = " + list_of(max_can_stop + 1));
    CHECK(problem(parts).find("more than 32") != std::string::npos);
}

TEST_CASE("agent file: texts hold at the bounds and not one past them", "[policy]") {
    Parts parts;
    parts.root = "environment = \"" + std::string(max_environment, 'e') + "\"\n";
    CHECK(problem(parts) == "accepted");
    parts.root = "environment = \"" + std::string(max_environment + 1, 'e') + "\"\n";
    CHECK(problem(parts) == "bot.toml:2: environment: longer than 64 bytes");
    parts = {};
    const std::size_t at = parts.accountability.find("\"s\"");
    parts.accountability.replace(at, 3, '"' + std::string(max_principal, 's') + '"');
    CHECK(problem(parts) == "accepted");
    parts.accountability.insert(at + 1, "s");
    CHECK(problem(parts) == "bot.toml:4: accountability.sponsor: longer than 255 bytes");
    parts = {};
    parts.accountability.replace(at, 3, "\"a\\nb\"");
    CHECK(problem(parts).find("control characters") != std::string::npos);
}

TEST_CASE("agent file: what policies say is refused with the policy to write", "[policy]") {
    const std::string before =
        "policies say what an agent may sign; write into "
        "policies.d/NAME.cedar: @id(\"bot\") permit(principal == "
        "Agent::\"bot\", action";
    const std::array<std::array<std::string, 3>, 5> said = {{
        {"actions = [\"refund.create\"]\n", "2: actions",
         " in [Action::\"refund.create\"], resource);"},
        {"actions = [\"a\", \"b.c\"]\naudiences = [\"https://a.example\", \"b.example\"]\n",
         "2: actions",
         " in [Action::\"a\", Action::\"b.c\"], resource) when { [Audience::\"https://a.example\", "
         "Audience::\"b.example\"].contains(resource) };"},
        {"audiences = [\"https://a.example\"]\n", "2: audiences",
         ", resource) when { [Audience::\"https://a.example\"].contains(resource) };"},
        {"actions = [\"Refund\", \"a\\\"b\"]\n", "2: actions", ", resource);"},
        {"actions = 5\n", "2: actions", ", resource);"},
    }};
    for (const auto& [root, at, after] : said) {
        Parts parts;
        parts.root = root;
        CHECK(problem(parts) == "bot.toml:" + at + ": " + before + after);
    }
}

TEST_CASE("agent file: the policy to write is one that is accepted", "[policy]") {
    Parts parts;
    parts.root = "actions = [\"a\", \"b.c\"]\naudiences = [\"https://a.example\"]\n";
    const std::string told = problem(parts);
    const auto policy = told.find("@id(");
    REQUIRE(policy != std::string::npos);
    const auto set = parse_policy_set("bot.cedar", "//! version = 1\n" + told.substr(policy));
    REQUIRE(set);
    CHECK(set->rules.policies.size() == 1);
}

TEST_CASE("agent file: TOML's own errors carry file and line", "[policy]") {
    Parts parts;
    parts.root = "environment = [\n";
    CHECK(problem(parts).starts_with("bot.toml:"));
    parts.root = "name = \"again\"\n";
    CHECK(problem(parts).starts_with("bot.toml:2: "));
    CHECK_FALSE(parse_agent_file("bot.toml", ""));
    CHECK_FALSE(parse_agent_file("bot.toml", std::string_view("\0", 1)));
}

TEST_CASE("agent file: what an error quotes cannot pass for a line of its own", "[policy]") {
    Parts parts;
    parts.name = "name = \"bo\nt\"\n";
    CHECK(problem(parts).starts_with("bot.toml:1: "));
    CHECK(problem(parts).find('\n') == std::string::npos);
    parts.name = "name = t\n";
    CHECK(problem(parts).find('\n') == std::string::npos);
    parts = {};
    parts.root = "\"x\\n2026-01-01 accepted\" = 1\n";
    CHECK(problem(parts) == "bot.toml:2: x?2026-01-01 accepted: unknown key");
}

TEST_CASE("agent file: 64 KiB and not one byte more", "[policy]") {
    std::string text = Parts().text();
    text += "#" + std::string(max_agent_file - text.size() - 1, 'x');
    REQUIRE(text.size() == max_agent_file);
    CHECK(parse_agent_file("bot.toml", text));
    text += 'x';
    CHECK(parse_agent_file("bot.toml", text).error().text() ==
          "bot.toml:1: longer than 65536 bytes");
}
