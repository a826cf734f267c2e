// Evidence of a software TPM: consistent, of one boot, and bound to a certified endorsement key.
#include <variant>

#include "core/crypto/certificate.h"
#include "core/crypto/digest.h"
#include "core/tpm2/credential.h"
#include "core/tpm2/structures.h"
#include "tests/support/catch.h"
#include "tests/support/tpm_host.h"

using namespace holdfast;
using tests::SoftwareTpm;
using tests::TpmHost;

namespace {

const Sha256 challenge = crypto::sha256(view_of("a verifier's challenge"));

tpm2::Attest checked(const tpm2::Public& ak, const Attested& part) {
    REQUIRE(tpm2::verify(ak, part.attest, part.signature));
    auto statement = tpm2::read_attest(part.attest);
    REQUIRE(statement);
    CHECK(statement->extra_data == Bytes(challenge.begin(), challenge.end()));
    return *std::move(statement);
}

std::uint64_t number_of(const Bytes& bytes) {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : bytes)
        value = (value << 8U) | byte;
    return value;
}

}  // namespace

TEST_CASE("attest: every statement is signed by the AK over the challenge, in one boot",
          "[integration][tpm][attest]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto key = host.create_agent("deploy-bot");
    auto evidence = host.tpm->quoter().attest(key.id, challenge);
    if (!evidence) FAIL(evidence.error().text());
    const auto ak = tpm2::read_public(evidence->ak_public);
    REQUIRE(ak);
    const auto quote = checked(*ak, evidence->quote);
    const auto certified = checked(*ak, evidence->key_certified);
    const auto agent_fuse = checked(*ak, evidence->agent_fuse_certified);
    const auto host_fuse = checked(*ak, evidence->host_fuse_certified);
    CHECK(evidence->pcrs.size() == 9);  // 0–7, and the register's anchor
    REQUIRE(evidence->event_register);
    const auto event_register = checked(*ak, evidence->event_register->certified);
    CHECK(std::get<tpm2::CertifyInfo>(certified.what).name == key.name);
    const auto& fuse = std::get<tpm2::NvCertifyInfo>(agent_fuse.what);
    CHECK(fuse.index_name == tpm2::read_nv_public(key.agent_fuse.nv_public)->name);
    CHECK(number_of(fuse.contents) == key.agent_fuse.value);
    CHECK(number_of(std::get<tpm2::NvCertifyInfo>(host_fuse.what).contents) == key.host_fuse.value);
    for (const auto* one : {&certified, &agent_fuse, &host_fuse, &event_register}) {
        CHECK(one->reset_count == quote.reset_count);
        CHECK(one->restart_count == quote.restart_count);
    }
}

TEST_CASE("attest: without a key the chip speaks of the host alone, under the same challenge",
          "[integration][tpm][attest]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    auto evidence = host.tpm->quoter().attest("", challenge);
    if (!evidence) FAIL(evidence.error().text());
    const auto ak = tpm2::read_public(evidence->ak_public);
    REQUIRE(ak);
    const auto quote = checked(*ak, evidence->quote);
    CHECK(evidence->pcrs.size() == 9);
    REQUIRE(evidence->event_register);
    const auto event_register = checked(*ak, evidence->event_register->certified);
    CHECK(event_register.reset_count == quote.reset_count);
    CHECK(evidence->key.id.empty());
    CHECK(evidence->key_certified.attest.empty());
    CHECK(evidence->agent_fuse_certified.attest.empty());
    CHECK(evidence->host_fuse_certified.attest.empty());
    CHECK(host.tpm->quoter().attest("no-such-key", challenge).error().code() == Code::not_found);
}

TEST_CASE("attest: the AK shows the true reset counter", "[integration][tpm][attest]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto key = host.create_agent("deploy-bot");
    const auto before = host.tpm->quoter().attest(key.id, challenge);
    REQUIRE(before);
    host.close();
    host.chip.restart();
    OPENED(host);
    const auto after = host.tpm->quoter().attest(key.id, challenge);
    REQUIRE(after);
    CHECK(tpm2::read_attest(after->quote.attest)->reset_count ==
          tpm2::read_attest(before->quote.attest)->reset_count + 1);
}

TEST_CASE("attest: a blown fuse shows in the evidence", "[integration][tpm][attest]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto key = host.create_agent("deploy-bot");
    REQUIRE(host.keys().blow_fuse(key.id));
    const auto evidence = host.tpm->quoter().attest(key.id, challenge);
    REQUIRE(evidence);
    const auto fuse = tpm2::read_attest(evidence->agent_fuse_certified.attest);
    REQUIRE(fuse);
    CHECK(number_of(std::get<tpm2::NvCertifyInfo>(fuse->what).contents) > key.agent_fuse.value);
}

TEST_CASE("attest: signing and attesting in turn fit into three slots",
          "[integration][tpm][attest]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto first = host.create_agent("first");
    const auto second = host.create_agent("second");
    for (int round = 0; round < 10; ++round) {
        const auto& key = round % 2 == 0 ? first : second;
        REQUIRE(host.keys().sign(second.id, view_of("x")));
        REQUIRE(host.tpm->quoter().attest(key.id, challenge));
    }
    host.close();
    REQUIRE(host.chip.run("tpm2_getcap handles-transient") == 0);
    CHECK(host.chip.output.find("0x") == std::string::npos);
}

TEST_CASE("endorsement: the EK is the one its certificate was issued for",
          "[integration][tpm][attest]") {
    NEEDS_SWTPM();
    TpmHost host(SoftwareTpm::Made::certified);
    OPENED(host);
    const auto endorsement = host.tpm->quoter().endorsement();
    if (!endorsement) FAIL(endorsement.error().text());
    REQUIRE_FALSE(endorsement->certificates.empty());
    const auto leaf = crypto::parse_certificate(endorsement->certificates.front());
    REQUIRE(leaf);
    CHECK(leaf->spki == tpm2::read_public(endorsement->ek_public)->spki);
    CHECK(endorsement->manufacturer == "IBM ");
    CHECK(endorsement->ak_public == host.keys().describe("ak")->tpm_public);
}

TEST_CASE("endorsement: a TPM without a certificate says so", "[integration][tpm][attest]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto endorsement = host.tpm->quoter().endorsement();
    if (!endorsement) FAIL(endorsement.error().text());
    CHECK(endorsement->certificates.empty());
    CHECK(tpm2::read_public(endorsement->ek_public));
}

TEST_CASE("activate: only the TPM with both EK and AK recovers the secret",
          "[integration][tpm][attest]") {
    NEEDS_SWTPM();
    const auto made = GENERATE(SoftwareTpm::Made::blank, SoftwareTpm::Made::certified);
    TpmHost host(made);
    OPENED(host);
    const auto endorsement = host.tpm->quoter().endorsement();
    REQUIRE(endorsement);
    const SecretBytes secret(Bytes(32, 0x5A));
    const auto ak = tpm2::read_public(endorsement->ak_public);
    const auto credential = tpm2::make_credential(endorsement->ek_public, ak->name, secret);
    REQUIRE(credential);
    const auto recovered = host.tpm->quoter().activate(credential->blob, credential->secret);
    if (!recovered) FAIL(recovered.error().text());
    CHECK(crypto::equal_in_constant_time(recovered->view(), secret.view()));

    Bytes other_name = ak->name;
    other_name.back() ^= 1U;
    const auto foreign = tpm2::make_credential(endorsement->ek_public, other_name, secret);
    CHECK_FALSE(host.tpm->quoter().activate(foreign->blob, foreign->secret));
    CHECK_FALSE(host.tpm->quoter().activate(Bytes(3), credential->secret));
    host.close();
    REQUIRE(host.chip.run("tpm2_getcap handles-transient; tpm2_getcap handles-loaded-session") ==
            0);
    CHECK(host.chip.output.find("0x") == std::string::npos);
}

TEST_CASE("endorsement: low range EKs are authorised by the endorsement hierarchy",
          "[integration][tpm][attest]") {
    NEEDS_SWTPM();
    // The certificate of the P-384 EK goes, so the RSA one of the low range is taken.
    TpmHost host(SoftwareTpm::Made::certified);
    OPENED(host);
    const auto high = host.tpm->quoter().endorsement();
    REQUIRE(high);
    host.close();
    if (host.chip.run("tpm2_nvundefine -C p 0x1C00016") != 0)
        HOLDFAST_SKIP("this swtpm_setup locks its platform hierarchy");
    OPENED(host);
    const auto low = host.tpm->quoter().endorsement();
    if (!low) FAIL(low.error().text());
    CHECK(low->ek_public != high->ek_public);
    const SecretBytes secret(Bytes(32, 0xA5));
    const auto ak = tpm2::read_public(low->ak_public);
    const auto credential = tpm2::make_credential(low->ek_public, ak->name, secret);
    REQUIRE(credential);
    const auto recovered = host.tpm->quoter().activate(credential->blob, credential->secret);
    if (!recovered) FAIL(recovered.error().text());
    CHECK(crypto::equal_in_constant_time(recovered->view(), secret.view()));
}
