// Project Wycheproof's vectors: signatures as attackers write them.
#include <functional>

#include "core/crypto/public_key.h"
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

}  // namespace

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
