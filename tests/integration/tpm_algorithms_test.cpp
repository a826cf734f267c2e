// Agent keys of every algorithm that the chip has, judged by openssl and tpm2-tools; and chips that
// have fewer.
#include <tss2/tss2_tpm2_types.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <map>
#include <string>
#include <variant>

#include "core/crypto/digest.h"
#include "core/crypto/jwk.h"
#include "core/crypto/signature.h"
#include "core/encode/pem.h"
#include "core/tpm2/policy.h"
#include "core/tpm2/structures.h"
#include "tests/support/bent_tpm.h"
#include "tests/support/catch.h"
#include "tests/support/tpm_host.h"

using namespace holdfast;
using tests::BentTpm;
using tests::TpmHost;

namespace {

const std::string message = "what is signed";

Result<KeyDescription> create(TpmHost& host, KeyAlgorithm algorithm) {
    return host.keys().create({.purpose = Purpose::action, .agent = "bot", .algorithm = algorithm});
}

KeyDescription created(TpmHost& host, KeyAlgorithm algorithm) {
    auto made = create(host, algorithm);
    if (!made) FAIL(made.error().text());
    return *std::move(made);
}

bool offers(TpmHost& host, KeyAlgorithm algorithm) {
    const auto offered = host.keys().algorithms();
    return std::ranges::find(offered, algorithm) != offered.end();
}

void write(const std::string& path, ByteView bytes) {
    std::ofstream(path, std::ios::binary) << text_of(bytes);
}

// How openssl names the hash and padding.
std::string openssl_options(KeyAlgorithm algorithm) {
    switch (algorithm) {
        case KeyAlgorithm::es384: return "-sha384";
        case KeyAlgorithm::ps256_2048:
        case KeyAlgorithm::ps256_3072:
            return "-sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 "
                   "-sigopt rsa_mgf1_md:sha256";
        default: return "-sha256";
    }
}

bool openssl_verifies(TpmHost& host, const KeyDescription& key, const Bytes& signature) {
    const bool ecdsa = key.algorithm == KeyAlgorithm::es256 || key.algorithm == KeyAlgorithm::es384;
    write(host.chip.file("key.pem"), view_of(encode::to_pem("PUBLIC KEY", key.spki)));
    write(host.chip.file("message"), view_of(message));
    write(host.chip.file("signature"), ecdsa ? *crypto::der_of_raw(signature) : signature);
    return host.chip.run("openssl dgst " + openssl_options(key.algorithm) +
                         " -verify key.pem -signature signature message") == 0;
}

// Every answer to a command goes through here.
void open_bent(TpmHost& host, const BentTpm& chip) {
    auto options = host.options();
    options.tcti = chip.tcti();
    auto opened = hsm::Tpm::open(options);
    if (!opened) FAIL("open: " + opened.error().text());
    host.tpm = *std::move(opened);
}

// How many NV indices there are, by tpm2-tools.
std::size_t indices(TpmHost& host) {
    REQUIRE(host.chip.run("tpm2_getcap handles-nv-index | grep -c 0x") == 0);
    return std::stoul(host.chip.output);
}

}  // namespace

TEST_CASE("tpm algorithms: what tpm2-tools finds in the chip is what is offered",
          "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const std::map<KeyAlgorithm, std::string> parameters = {
        {KeyAlgorithm::es256, "ecc256:ecdsa-sha256"},
        {KeyAlgorithm::es384, "ecc384:ecdsa-sha384"},
        {KeyAlgorithm::ps256_2048, "rsa2048:rsapss-sha256"},
        {KeyAlgorithm::ps256_3072, "rsa3072:rsapss-sha256"},
        {KeyAlgorithm::rs256_2048, "rsa2048:rsassa-sha256"},
        {KeyAlgorithm::rs256_3072, "rsa3072:rsassa-sha256"}};
    for (const auto& [algorithm, text] : parameters) {
        INFO(text);
        CHECK(offers(host, algorithm) == (host.chip.run("tpm2_testparms " + text) == 0));
    }
    CHECK(host.keys().algorithms().front() == KeyAlgorithm::es256);
}

TEST_CASE("tpm algorithms: openssl verifies the signatures of every algorithm offered",
          "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    for (const KeyAlgorithm algorithm : host.keys().algorithms()) {
        INFO(to_string(algorithm));
        const auto key = created(host, algorithm);
        CHECK(key.algorithm == algorithm);
        const auto signature = host.keys().sign(key.id, view_of(message));
        if (!signature) FAIL(signature.error().text());
        CHECK(signature->size() == signature_size(algorithm));
        CHECK(openssl_verifies(host, key, *signature));
    }
}

TEST_CASE("tpm algorithms: keys of every algorithm are as bound as those of ES256",
          "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    for (const KeyAlgorithm algorithm : host.keys().algorithms()) {
        INFO(to_string(algorithm));
        const auto key = created(host, algorithm);
        const auto area = tpm2::read_public(key.tpm_public);
        REQUIRE(area);
        CHECK(area->algorithm == algorithm);
        // fixedTPM, fixedParent, sensitiveDataOrigin, noDA, sign: and nothing else.
        CHECK(area->attributes == 0x00040432U);
        const std::array fuses = {key.agent_fuse, key.host_fuse};
        CHECK(std::ranges::equal(area->auth_policy, *tpm2::fuse_policy(fuses)));
        CHECK(crypto::check_key_of(algorithm, key.spki));
        REQUIRE(host.keys().blow_fuse(key.id));
        CHECK(host.keys().sign(key.id, view_of(message)).error().reason() == "fuse_blown");
    }
}

TEST_CASE("tpm algorithms: the AK certifies a key of every algorithm", "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const Sha256 challenge = crypto::sha256(view_of("a verifier's challenge"));
    for (const KeyAlgorithm algorithm : host.keys().algorithms()) {
        INFO(to_string(algorithm));
        const auto key = created(host, algorithm);
        const auto evidence = host.tpm->quoter().attest(key.id, challenge);
        if (!evidence) FAIL(evidence.error().text());
        CHECK(evidence->key.algorithm == algorithm);
        const auto& [statement, signature] = evidence->key_certified;
        CHECK(tpm2::verify(*tpm2::read_public(evidence->ak_public), statement, signature));
        const auto certified = tpm2::read_attest(statement);
        REQUIRE(certified);
        CHECK(std::get<tpm2::CertifyInfo>(certified->what).name == key.name);
    }
}

TEST_CASE("tpm algorithms: 100 ES384 signatures have 96 bytes, whatever zeros the chip drops",
          "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto key = created(host, KeyAlgorithm::es384);
    for (int round = 0; round < 100; ++round) {
        const auto signature = host.keys().sign(key.id, view_of(std::to_string(round)));
        REQUIRE(signature);
        REQUIRE(signature->size() == 96);
    }
}

TEST_CASE("tpm algorithms: what the chip has not is refused before it is asked for anything",
          "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost host;
    // A chip that knows its P-256 only: TPM_RC_VALUE for the first parameter.
    const BentTpm chip(host.chip, [](std::uint32_t code, const BentTpm::Ask& ask) {
        if (code != TPM2_CC_TestParms) return ask();
        return Bytes{0x80, 0x01, 0, 0, 0, 10, 0, 0, 0x01, 0xC4};
    });
    open_bent(host, chip);
    CHECK(host.keys().algorithms() == std::vector{KeyAlgorithm::es256});
    const auto before = indices(host);
    for (const KeyAlgorithm algorithm :
         {KeyAlgorithm::es384, KeyAlgorithm::ed25519, KeyAlgorithm::ps256_2048,
          KeyAlgorithm::ps256_3072, KeyAlgorithm::rs256_2048, KeyAlgorithm::rs256_3072}) {
        const auto refused = create(host, algorithm);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code() == Code::invalid);
        CHECK(refused.error().reason() == "algorithm_unavailable");
    }
    CHECK(indices(host) == before);
    CHECK(host.keys().list()->empty());
    CHECK(created(host, KeyAlgorithm::es256).id == "agent-bot-1");
    host.close();
}

TEST_CASE("tpm algorithms: a curve that the chip does not list is not offered",
          "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost host;
    const BentTpm chip(host.chip, [](std::uint32_t code, const BentTpm::Ask& ask) {
        Bytes answer = ask();
        // moreData, then TPMS_CAPABILITY_DATA: the kind, a count, two bytes for each curve.
        constexpr std::size_t kind_end = 15;
        constexpr std::size_t first_curve = 19;
        if (code != TPM2_CC_GetCapability || answer.size() < first_curve ||
            answer[kind_end - 1] != TPM2_CAP_ECC_CURVES)
            return answer;
        for (std::size_t at = first_curve; at + 1 < answer.size(); at += 2)
            if (answer[at + 1] == TPM2_ECC_NIST_P384) answer[at + 1] = TPM2_ECC_NIST_P521;
        return answer;
    });
    open_bent(host, chip);
    CHECK_FALSE(offers(host, KeyAlgorithm::es384));
    CHECK(offers(host, KeyAlgorithm::rs256_2048));
    host.close();
}

TEST_CASE(
    "tpm algorithms: PS256 of a chip with another salt is refused when the key is made, and "
    "leaves nothing",
    "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost host;
    std::atomic<bool> bending = true;
    // Whose salt is another one, its signature is no PS256: any that does not verify stands for it.
    const BentTpm chip(host.chip, [&](std::uint32_t code, const BentTpm::Ask& ask) {
        Bytes answer = ask();
        constexpr std::size_t inside_rsa = 100;
        if (bending && code == TPM2_CC_Sign && answer.size() > inside_rsa) answer[inside_rsa] ^= 1U;
        return answer;
    });
    open_bent(host, chip);
    const auto before = indices(host);
    const auto refused = create(host, KeyAlgorithm::ps256_2048);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Code::invalid);
    CHECK(refused.error().reason() == "algorithm_unavailable");
    CHECK(indices(host) == before);
    CHECK(host.keys().list()->empty());
    CHECK(create(host, KeyAlgorithm::rs256_2048));  // it has no salt
    bending = false;
    CHECK(created(host, KeyAlgorithm::ps256_2048).id == "agent-bot-3");
    host.close();
}

TEST_CASE("tpm algorithms: a key that did not come to its first signature is no key",
          "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost host;
    const BentTpm chip(host.chip, [](std::uint32_t code, const BentTpm::Ask& ask) {
        return code == TPM2_CC_Sign ? Bytes() : ask();  // it hangs up
    });
    open_bent(host, chip);
    const auto lost = create(host, KeyAlgorithm::ps256_2048);
    REQUIRE_FALSE(lost);
    CHECK(lost.error().reason() == hsm::connection_lost);
    REQUIRE(host.open());
    CHECK(host.keys().list()->empty());
    host.close();
}
