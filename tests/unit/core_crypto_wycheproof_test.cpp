// Project Wycheproof's vectors: signatures as attackers write them.
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <ostream>

#include "core/crypto/jwk.h"
#include "core/crypto/jws_signature.h"
#include "core/crypto/public_key.h"
#include "core/crypto/signature.h"
#include "core/encode/json.h"
#include "tests/support/catch.h"
#include "tests/support/testdata.h"

using namespace holdfast;
using namespace holdfast::crypto;
using encode::Json;

namespace {

struct Vector {
    Bytes spki, message, signature;
};
using Judge = std::function<bool(const Vector&)>;

struct Counts {
    int valid = 0;
    int invalid = 0;
};

std::string text(const Json& object, std::string_view member) {
    return *object.find(member)->string();
}
// "acceptable" may be judged either way; the others must be judged as they say.
Counts run(const std::string& name, const Judge& accepts) {
    const Json json = tests::testdata_json("wycheproof/" + name);
    Counts counts;
    for (const Json& group : *json.find("testGroups")->array()) {
        const Bytes spki = tests::hex_member(group, "publicKeyDer");
        for (const Json& test : *group.find("tests")->array()) {
            const std::string result = text(test, "result");
            const bool accepted =
                accepts({spki, tests::hex_member(test, "msg"), tests::hex_member(test, "sig")});
            INFO("tcId " << *test.find("tcId")->integer() << ": " << text(test, "comment"));
            if (result == "valid") CHECK(accepted);
            // Not invalid for us: TPMs fill the space (TPM 2.0 Part 1, B.7).
            const bool longest_salt = text(test, "comment") == "s_len changed to 222";
            if (result == "invalid") CHECK(accepted == longest_salt);
            counts.valid += result == "valid" ? 1 : 0;
            counts.invalid += result == "invalid" ? 1 : 0;
        }
    }
    return counts;
}

struct Judged {
    int accepted = 0;  // all of them valid
    int refused = 0;   // all of them invalid
    int not_ours = 0;  // valid, with a key no Holdfast key can be; refused
};
bool operator==(const Judged& a, const Judged& b) {
    return a.accepted == b.accepted && a.refused == b.refused && a.not_ours == b.not_ours;
}
std::ostream& operator<<(std::ostream& out, const Judged& judged) {
    return out << judged.accepted << " accepted, " << judged.refused << " refused, "
               << judged.not_ours << " not ours";
}

// The larger set where it is there; tests/vectors has what that lacks.
std::string place_of(const std::string& name) {
    const std::string larger = tests::testdata() + "/wycheproof/" + name;
    const bool is_in_larger = !tests::testdata().empty() && std::filesystem::exists(larger);
    return is_in_larger ? larger : HOLDFAST_SOURCE_DIR "/tests/vectors/wycheproof/" + name;
}

Json vectors_in(const std::string& path) {
    std::ifstream file(path);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    auto json = encode::parse_json(text, 16UL << 20U);
    if (!json) throw std::runtime_error(path + ": " + json.error().text());
    return *std::move(json);
}

// What verify_jws says; DER signatures are first brought into JOSE's form.
Judged judge(KeyAlgorithm algorithm, const std::string& name, bool in_der) {
    const Json json = vectors_in(place_of(name));
    Judged judged;
    for (const Json& group : *json.find("testGroups")->array()) {
        const Bytes spki = tests::hex_member(group, "publicKeyDer");
        const bool ours = check_key_of(algorithm, spki).has_value();
        for (const Json& test : *group.find("tests")->array()) {
            const std::string result = text(test, "result");
            const Bytes signature = tests::hex_member(test, "sig");
            const auto raw = in_der ? raw_of_der(signature, algorithm) : Result<Bytes>(signature);
            const bool accepted =
                raw && verify_jws(algorithm, spki, tests::hex_member(test, "msg"), *raw);
            INFO(name << ", tcId " << *test.find("tcId")->integer() << ": "
                      << text(test, "comment"));
            CHECK(accepted == (result == "valid" && ours));
            judged.accepted += accepted ? 1 : 0;
            judged.refused += result == "valid" ? 0 : 1;
            judged.not_ours += result == "valid" && !ours ? 1 : 0;
        }
    }
    return judged;
}

struct File {
    KeyAlgorithm algorithm;
    const char* name;
    bool in_der;
    Judged expected;
};

}  // namespace

TEST_CASE("wycheproof: each algorithm in JWS form takes the valid and nothing else",
          "[core][crypto]") {
    const File file = GENERATE(values<File>(
        {{KeyAlgorithm::es256, "ecdsa_secp256r1_sha256_p1363_test.json", false, {173, 89, 0}},
         {KeyAlgorithm::es256, "ecdsa_secp256r1_sha256_test.json", true, {174, 310, 0}},
         {KeyAlgorithm::es384, "ecdsa_secp384r1_sha384_p1363_test.json", false, {193, 87, 0}},
         {KeyAlgorithm::es384, "ecdsa_secp384r1_sha384_test.json", true, {194, 310, 0}},
         {KeyAlgorithm::ed25519, "ed25519_test.json", false, {88, 63, 0}},
         {KeyAlgorithm::ps256_2048, "rsa_pss_2048_sha256_mgf1_32_test.json", false, {63, 45, 0}},
         {KeyAlgorithm::ps256_3072, "rsa_pss_3072_sha256_mgf1_32_test.json", false, {63, 45, 0}},
         {KeyAlgorithm::rs256_2048, "rsa_signature_2048_sha256_test.json", false, {7, 250, 2}},
         {KeyAlgorithm::rs256_3072, "rsa_signature_3072_sha256_test.json", false, {7, 251, 1}}}));
    if (!std::filesystem::exists(place_of(file.name)))
        HOLDFAST_SKIP("HOLDFAST_TESTDATA is not set");
    CHECK(judge(file.algorithm, file.name, file.in_der) == file.expected);
}

TEST_CASE("wycheproof: PS256 wants its salt, its hashes and its size", "[core][crypto]") {
    // Good signatures under RSA-2048 and 4096 keys, made with other parameters than PS256's.
    const std::string name = GENERATE(as<std::string>(), "rsa_pss_2048_sha256_mgf1_0_test.json",
                                      "rsa_pss_2048_sha256_mgf1sha1_20_test.json",
                                      "rsa_pss_2048_sha512_256_mgf1_32_test.json",
                                      "rsa_pss_4096_sha256_mgf1_32_test.json");
    const Json json = vectors_in(HOLDFAST_SOURCE_DIR "/tests/vectors/wycheproof/" + name);
    int good = 0;
    for (const Json& group : *json.find("testGroups")->array()) {
        const Bytes spki = tests::hex_member(group, "publicKeyDer");
        for (const Json& test : *group.find("tests")->array()) {
            if (text(test, "result") != "valid") continue;
            INFO(name << ", tcId " << *test.find("tcId")->integer());
            ++good;
            for (const KeyAlgorithm algorithm : key_algorithms)
                CHECK_FALSE(verify_jws(algorithm, spki, tests::hex_member(test, "msg"),
                                       tests::hex_member(test, "sig")));
        }
    }
    CHECK(good > 0);
}

TEST_CASE("wycheproof: ES256 in JOSE's form", "[core][crypto]") {
    if (tests::testdata().empty()) HOLDFAST_SKIP("HOLDFAST_TESTDATA is not set");
    const Counts counts = run("ecdsa_secp256r1_sha256_p1363_test.json", [](const Vector& v) {
        return static_cast<bool>(verify_es256(v.spki, v.message, v.signature));
    });
    CHECK(counts.valid == 173);
    CHECK(counts.invalid == 89);
}

TEST_CASE("wycheproof: ECDSA P-256 in DER", "[core][crypto]") {
    if (tests::testdata().empty()) HOLDFAST_SKIP("HOLDFAST_TESTDATA is not set");
    const Counts counts = run("ecdsa_secp256r1_sha256_test.json", [](const Vector& v) {
        const auto raw = raw_of_der(v.signature, KeyAlgorithm::es256);
        return raw && verify_es256(v.spki, v.message, *raw);
    });
    CHECK(counts.valid == 174);
    CHECK(counts.invalid == 310);
}

TEST_CASE("wycheproof: RSASSA-PKCS1-v1_5 with SHA-256", "[core][crypto]") {
    if (tests::testdata().empty()) HOLDFAST_SKIP("HOLDFAST_TESTDATA is not set");
    const Counts counts = run("rsa_signature_2048_sha256_test.json", [](const Vector& v) {
        return static_cast<bool>(
            verify_signature(v.spki, SignatureScheme::rsassa, "SHA256", v.message, v.signature));
    });
    CHECK(counts.valid == 9);
    CHECK(counts.invalid == 249);
}

TEST_CASE("wycheproof: RSASSA-PSS with SHA-256 and a salt of 32 bytes", "[core][crypto]") {
    if (tests::testdata().empty()) HOLDFAST_SKIP("HOLDFAST_TESTDATA is not set");
    const Counts counts = run("rsa_pss_2048_sha256_mgf1_32_test.json", [](const Vector& v) {
        return static_cast<bool>(
            verify_signature(v.spki, SignatureScheme::rsapss, "SHA256", v.message, v.signature));
    });
    CHECK(counts.valid == 63);
    CHECK(counts.invalid == 45);
}

TEST_CASE("wycheproof: a key of another kind verifies nothing", "[core][crypto]") {
    if (tests::testdata().empty()) HOLDFAST_SKIP("HOLDFAST_TESTDATA is not set");
    const Json json =
        tests::testdata_json(std::string("wycheproof/") + "ecdsa_secp256r1_sha256_p1363_test.json");
    const Json& group = json.find("testGroups")->array()->front();
    const Json& test = group.find("tests")->array()->front();
    const Bytes spki = tests::hex_member(group, "publicKeyDer");
    const Bytes message = tests::hex_member(test, "msg");
    const Bytes signature = tests::hex_member(test, "sig");
    REQUIRE(verify_signature(spki, SignatureScheme::ecdsa, "SHA256", message, signature));
    CHECK_FALSE(verify_signature(spki, SignatureScheme::rsassa, "SHA256", message, signature));
    CHECK_FALSE(verify_signature(spki, SignatureScheme::rsapss, "SHA256", message, signature));
    CHECK_FALSE(verify_signature(spki, SignatureScheme::ecdsa, "SHA384", message, signature));
    CHECK_FALSE(verify_signature(spki, SignatureScheme::ecdsa, "MD5", message, signature));
    CHECK_FALSE(verify_signature(*spki_of_rsa(Bytes(256, 0xc5), 0), SignatureScheme::ecdsa,
                                 "SHA256", message, signature));
}
