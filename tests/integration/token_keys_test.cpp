// Keys in a real PKCS#11 token (SoftHSM2): made, found again, signing, ended; pkcs11-tool as judge.
#include <algorithm>
#include <fstream>

#include "core/crypto/jwk.h"
#include "core/crypto/jws_signature.h"
#include "core/encode/base64.h"
#include "core/encode/json.h"
#include "tests/support/token_host.h"

using namespace holdfast;
using hsm::FuseState;
using hsm::NewKey;
using tests::agent_key;
using tests::made;
using tests::TokenHost;

namespace {

const std::string message = "what is signed";
const NewKey ca{.purpose = Purpose::certificate, .agent = "", .algorithm = KeyAlgorithm::es256};
const NewKey ledger{.purpose = Purpose::checkpoint, .agent = "", .algorithm = KeyAlgorithm::es256};

bool signs(hsm::KeyStore& keys, const KeyDescription& key) {
    auto signature = keys.sign(key.id, view_of(message));
    return signature && crypto::verify_jws(key.algorithm, key.spki, view_of(message), *signature);
}

// CKA_ID as pkcs11-tool writes it.
std::string cka_id_of(const TokenHost& host, const std::string& key) {
    std::ifstream file(host.key_file(key + ".token.json"));
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const auto json = encode::parse_json(text, 4096);
    REQUIRE(json);
    return encode::hex(*encode::from_base64url(*json->object()->at("cka_id").string()));
}

// What pkcs11-tool lists of the object with that key's label.
std::string object_in(const std::string& list, const std::string& key) {
    const std::size_t at = list.find("label:      holdfast " + key + "\n");
    if (at == std::string::npos) return "";
    return list.substr(at, list.find("Key Object", at) - at);
}

std::size_t count_of(const std::string& text, const std::string& word) {
    std::size_t count = 0;
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
        ++count;
    return count;
}

}  // namespace

TEST_CASE("token: each algorithm it has makes a key that signs in JWS form", "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    TokenHost host;
    hsm::KeyStore& keys = host.open();
    const auto algorithms = keys.algorithms();
    CHECK(algorithms.size() == 7);  // all of ours: SoftHSM has them
    for (const KeyAlgorithm algorithm : algorithms) {
        CAPTURE(to_string(algorithm));
        const auto key = made(keys, agent_key("bot", algorithm));
        CHECK(key.algorithm == algorithm);
        CHECK(crypto::check_key_of(algorithm, key.spki));
        const auto signature = keys.sign(key.id, view_of(message));
        if (!signature) FAIL(signature.error().text());
        CHECK(signature->size() == signature_size(algorithm));
        CHECK(crypto::verify_jws(algorithm, key.spki, view_of(message), *signature));
        CHECK_FALSE(crypto::verify_jws(algorithm, key.spki, view_of("another"), *signature));
    }
}

TEST_CASE("token: a key of one kind keeps signing when keys of every kind stand beside it",
          "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    TokenHost host;
    hsm::KeyStore& keys = host.open();
    std::vector<KeyDescription> all;
    for (const KeyAlgorithm algorithm : keys.algorithms()) {
        all.push_back(made(keys, agent_key("bot", algorithm)));
        for (const auto& key : all)
            CHECK(signs(keys, key));
    }
    hsm::KeyStore& again = host.open();
    for (const auto& key : all)
        CHECK(signs(again, key));
}

TEST_CASE("token: a key says where it is, and keeps its id, half and algorithm", "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    TokenHost host;
    const auto key = made(host.open(), agent_key("bot", KeyAlgorithm::es384));
    CHECK(key.id == "hsm-bot-1");
    CHECK(key.backend == Backend::pkcs11);
    CHECK(key.custody == Custody::software_hsm);
    CHECK(key.token == host.token->serial());
    CHECK(key.agent_fuse.kind == FuseKind::object);
    CHECK(key.host_fuse.kind == FuseKind::object);
    CHECK(key.tpm_public.empty());

    hsm::KeyStore& again = host.open();
    const auto found = again.describe(key.id);
    REQUIRE(found);
    CHECK(found->spki == key.spki);
    CHECK(found->algorithm == KeyAlgorithm::es384);
    CHECK(found->custody == Custody::software_hsm);
    CHECK(signs(again, *found));
    CHECK(again.list()->size() == 1);
}

TEST_CASE("token: another tool finds the key with the rights that are claimed, and no others",
          "[hsm][pkcs11][judge]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    TokenHost host;
    hsm::KeyStore& keys = host.open();
    for (const KeyAlgorithm algorithm :
         {KeyAlgorithm::es256, KeyAlgorithm::ed25519, KeyAlgorithm::ps256_2048}) {
        CAPTURE(to_string(algorithm));
        const auto key = made(keys, agent_key("bot", algorithm));
        REQUIRE(host.soft.tool("--list-objects --type privkey") == 0);
        const std::string said = object_in(host.soft.output, key.id);
        CAPTURE(said);
        CHECK(said.find("Usage:      sign\n") != std::string::npos);
        CHECK(said.find("Access:     sensitive, always sensitive, never extractable, local\n") !=
              std::string::npos);
        CHECK(said.find(cka_id_of(host, key.id)) != std::string::npos);
    }
}

TEST_CASE("token: a key made elsewhere is not adopted, and one put in a key's place is not used",
          "[hsm][pkcs11][judge]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    TokenHost host;
    const auto key = made(host.open(), agent_key("bot"));
    const std::string id = cka_id_of(host, key.id);
    REQUIRE(host.soft.tool("--keypairgen --key-type EC:prime256v1 --extractable --id aabb") == 0);
    CHECK(host.open().list()->size() == 1);

    const std::string other = "--keypairgen --key-type EC:prime256v1 --extractable --id " + id;
    REQUIRE(host.soft.tool(other) == 0);
    const auto twice = host.open().sign(key.id, view_of(message));
    REQUIRE_FALSE(twice);
    CHECK(twice.error().reason() == "token_key_ambiguous");

    for (const char* type : {"privkey", "pubkey"})
        for (int half = 0; half < 2; ++half)
            REQUIRE(host.soft.tool("--delete-object --type " + std::string(type) + " --id " + id) ==
                    0);
    REQUIRE(host.soft.tool(other) == 0);
    hsm::KeyStore& keys = host.open();
    const auto replaced = keys.sign(key.id, view_of(message));
    REQUIRE_FALSE(replaced);
    CHECK(replaced.error().reason() == "token_key_replaced");
    CHECK(keys.describe(key.id)->custody == Custody::unproven);
}

TEST_CASE("token: ending a key destroys its object, and its record goes only after that",
          "[hsm][pkcs11][judge]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    TokenHost host;
    hsm::KeyStore& keys = host.open();
    const auto key = made(keys, agent_key("bot"));
    const auto other = made(keys, agent_key("other"));
    const std::string id = cka_id_of(host, key.id);
    CHECK(keys.fuse_state(key.id).has_value());
    CHECK(*keys.fuse_state(key.id) == FuseState::intact);
    CHECK(keys.destroy(key.id).error().code() == Code::conflict);

    REQUIRE(keys.blow_fuse(key.id));
    REQUIRE(host.soft.tool("--list-objects") == 0);
    CHECK(host.soft.output.find(id) == std::string::npos);
    CHECK(count_of(host.soft.output, "Key Object") == 2);  // the other's two halves
    const auto refused = keys.sign(key.id, view_of(message));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().reason() == "fuse_blown");
    CHECK(*keys.fuse_state(key.id) == FuseState::blown);
    CHECK(keys.blow_fuse(key.id));  // once more does nothing
    CHECK(keys.describe(key.id)->spki == key.spki);
    CHECK(signs(keys, other));

    hsm::KeyStore& again = host.open();
    CHECK(*again.fuse_state(key.id) == FuseState::blown);
    REQUIRE(again.destroy(key.id));
    CHECK(again.describe(key.id).error().code() == Code::not_found);
    CHECK(made(again, agent_key("bot")).id == "hsm-bot-2");
}

TEST_CASE("token: the host's end takes every agent's key and the CA's, and leaves the ledger's",
          "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    TokenHost host;
    hsm::KeyStore& keys = host.open();
    const auto authority = made(keys, ca);
    const auto seal = made(keys, ledger);
    CHECK(authority.id == "ca");
    CHECK(authority.agent_fuse.kind == FuseKind::none);
    CHECK(authority.host_fuse.kind == FuseKind::object);
    CHECK(seal.id == "ledger");
    CHECK(seal.host_fuse.kind == FuseKind::none);
    CHECK(keys.create(ca).error().code() == Code::conflict);
    CHECK(keys.blow_fuse("ca").error().code() == Code::conflict);
    const auto first = made(keys, agent_key("bot"));
    const auto second = made(keys, agent_key("bot", KeyAlgorithm::ed25519));

    REQUIRE(keys.blow_host_fuse());
    for (const auto& key : {authority, first, second}) {
        CHECK(*keys.fuse_state(key.id) == FuseState::blown);
        CHECK(keys.sign(key.id, view_of(message)).error().reason() == "fuse_blown");
    }
    CHECK(signs(keys, seal));
    CHECK(keys.blow_host_fuse());
    REQUIRE(host.soft.tool("--list-objects --type privkey") == 0);
    CHECK(count_of(host.soft.output, "Private Key Object") == 1);
}

TEST_CASE("token: a key whose object somebody deleted is told to be ended", "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    TokenHost host;
    const auto key = made(host.open(), agent_key("bot"));
    const std::string id = cka_id_of(host, key.id);
    REQUIRE(host.soft.tool("--delete-object --type privkey --id " + id) == 0);
    hsm::KeyStore& keys = host.open();
    CHECK(keys.sign(key.id, view_of(message)).error().reason() == "token_key_missing");
    CHECK(*keys.fuse_state(key.id) == FuseState::blown);
    CHECK(keys.describe(key.id)->custody == Custody::unproven);
    CHECK(keys.blow_fuse(key.id));
    CHECK(keys.destroy(key.id));
}

TEST_CASE("token: what a crash left half made or half ended is gone at the next open",
          "[hsm][pkcs11][judge]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    TokenHost host;
    hsm::KeyStore& keys = host.open();
    const auto half_made = made(keys, agent_key("bot"));
    const auto half_ended = made(keys, agent_key("bot"));
    const auto whole = made(keys, agent_key("bot"));
    const auto bend = [&](const std::string& key, const std::string& stage) {
        const std::string path = host.key_file(key + ".token.json");
        std::ifstream in(path);
        std::string text(std::istreambuf_iterator<char>(in), {});
        text.replace(text.find("\"ready\""), 7, "\"" + stage + "\"");
        std::ofstream(path) << text;
    };
    bend(half_made.id, "making");
    bend(half_ended.id, "spent");
    hsm::KeyStore& again = host.open();
    CHECK(again.describe(half_made.id).error().code() == Code::not_found);
    CHECK(*again.fuse_state(half_ended.id) == FuseState::blown);
    CHECK(signs(again, whole));
    REQUIRE(host.soft.tool("--list-objects --type privkey") == 0);
    CHECK(count_of(host.soft.output, "Private Key Object") == 1);
}

TEST_CASE("token: what it refuses to make leaves nothing behind", "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    TokenHost host;
    hsm::KeyStore& keys = host.open();
    auto odd = ca;
    odd.algorithm = KeyAlgorithm::es384;
    CHECK(keys.create(odd).error().reason() == "algorithm_unavailable");
    odd = ca;
    odd.agent = "bot";
    CHECK(keys.create(odd).error().code() == Code::invalid);
    odd = {.purpose = Purpose::attest, .agent = "", .algorithm = KeyAlgorithm::es256};
    CHECK(keys.create(odd).error().code() == Code::invalid);
    CHECK(keys.create(agent_key("Not A Name")).error().code() == Code::invalid);
    CHECK(keys.list()->empty());
    REQUIRE(host.soft.tool("--list-objects") == 0);
    CHECK(count_of(host.soft.output, "Key Object") == 0);
}
