// The table [key] of agent files.
#include <array>

#include "policy/agent_file.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::policy;

namespace {

const std::string recognise =
    "[recognise]\nuid = 1001\nexecutable_sha256 = \"" + std::string(64, 'a') + "\"\n";

Result<AgentFile> with(const std::string& tables) {
    return parse_agent_file("bot.toml",
                            "name = \"bot\"\n[accountability]\nsponsor = \"s\"\nowner = \"o\"\n"
                            "policy_author = \"p\"\ncan_stop = [\"c\"]\n" +
                                recognise + tables);
}

std::string problem(const std::string& tables) {
    const auto agent = with(tables);
    return agent ? "accepted" : agent.error().text();
}

}  // namespace

TEST_CASE("agent file: without [key] the key is ES256 in the TPM", "[policy][key]") {
    for (const char* tables : {"", "[key]\n", "[key]\nbackend = \"tpm\"\n"}) {
        const auto agent = with(tables);
        REQUIRE(agent);
        CHECK(agent->key.backend == Backend::tpm);
        CHECK(agent->key.token.empty());
        CHECK(agent->key.algorithm == KeyAlgorithm::es256);
    }
}

TEST_CASE("agent file: a token's URI is kept as it was written", "[policy][key]") {
    const auto agent = with("[key]\nbackend = \"pkcs11:token=a%20b;serial=01\"\n");
    REQUIRE(agent);
    CHECK(agent->key.backend == Backend::pkcs11);
    CHECK(agent->key.token == "pkcs11:token=a%20b;serial=01");
}

TEST_CASE("agent file: a backend is tpm or a token's URI, on the line it stands on",
          "[policy][key]") {
    for (const char* wrong : {"TPM", "hsm", "pkcs11", "PKCS11:token=a", "file:/key"})
        CHECK(problem("[key]\nbackend = \"" + std::string(wrong) + "\"\n")
                  .starts_with("bot.toml:11: key.backend: must be \"tpm\" or a token's URI"));
    const auto of_size = [](std::size_t size) {
        const std::string start = "pkcs11:token=";
        return problem("[key]\nbackend = \"" + start + std::string(size - start.size(), 'x') +
                       "\"\n");
    };
    CHECK(of_size(max_token_uri) == "accepted");
    CHECK(of_size(max_token_uri + 1).starts_with("bot.toml:11: key.backend"));
}

TEST_CASE("agent file: every algorithm has one name, and there are no others", "[policy][key]") {
    constexpr std::array all = {KeyAlgorithm::es256,      KeyAlgorithm::es384,
                                KeyAlgorithm::ed25519,    KeyAlgorithm::ps256_2048,
                                KeyAlgorithm::ps256_3072, KeyAlgorithm::rs256_2048,
                                KeyAlgorithm::rs256_3072};
    for (const KeyAlgorithm algorithm : all) {
        const auto agent =
            with("[key]\nalgorithm = \"" + std::string(to_string(algorithm)) + "\"\n");
        REQUIRE(agent);
        CHECK(agent->key.algorithm == algorithm);
    }
    for (const char* wrong : {"es256", "ES512", "EdDSA", "PS256", "RS256-4096", "RS256-1024"})
        CHECK(problem("[key]\nalgorithm = \"" + std::string(wrong) + "\"\n")
                  .starts_with("bot.toml:11: key.algorithm: must be ES256, "));
}

TEST_CASE("agent file: [key] has no other keys", "[policy][key]") {
    CHECK(problem("[key]\nalgoritm = \"ES256\"\n").find("key.algoritm") != std::string::npos);
}
