// Real chips' quotes, statements and EK certificates; and quotes broken on purpose.
#include <string>

#include "attest/verify/ek.h"
#include "attest/verify/quote.h"
#include "attest/verify/rules.h"
#include "core/crypto/certificate.h"
#include "core/crypto/ek_certificate.h"
#include "core/crypto/hash.h"
#include "core/crypto/signature.h"
#include "core/encode/pem.h"
#include "core/tpm2/attributes.h"
#include "tests/support/appraisal.h"
#include "tests/support/catch.h"
#include "tests/support/testdata.h"

using namespace holdfast;
using attest::PcrBanks;
using attest::Profile;
using attest::Sheet;
using tests::failed;
using tests::hex_member;
using tests::testdata;
using tests::testdata_bytes;
using tests::testdata_json;
using tests::testdata_text;

namespace {

using Rules = std::set<std::string>;

PcrBanks banks_in(const encode::Json& vector) {
    PcrBanks banks;
    const std::map<std::string, std::uint16_t> algorithms = {
        {"sha1", tpm2::alg_sha1}, {"sha256", tpm2::alg_sha256}, {"sha384", tpm2::alg_sha384}};
    for (const auto& [name, values] : *vector.find("pcrs")->object()) {
        for (const auto& [index, value] : *values.object())
            banks[algorithms.at(name)][static_cast<std::uint8_t>(std::stoi(index))] =
                *encode::from_hex(*value.string());
    }
    return banks;
}

// The rules of a quote alone; the AK of these vTPMs is none of ours, so its hierarchy is not asked.
Rules failed_of(const std::string& path) {
    const auto vector = testdata_json(path);
    Sheet sheet({attest::evidence_rules}, Profile::production);
    const auto ak = check_ak(sheet, hex_member(vector, "ak_tpmt_public_hex"));
    REQUIRE(ak);
    const Attested quoted = {.attest = hex_member(vector, "tpms_attest_hex"),
                             .signature = hex_member(vector, "tpmt_signature_hex")};
    const auto read = check_statement(sheet, "quote", quoted, *ak, hex_member(vector, "nonce_hex"));
    if (read) {
        const auto* info = attest::as<tpm2::QuoteInfo>(sheet, "quote", *read);
        REQUIRE(info != nullptr);
        const PcrBanks banks = banks_in(vector);
        sheet.check("quote.pcrs", attest::check_pcr_selection(*info, banks), "");
        const auto signature = tpm2::read_signature(quoted.signature);
        if (signature)
            sheet.check("quote.pcr_digest", attest::check_pcr_digest(*info, banks, signature->hash),
                        "");
    }
    Rules rules = failed(sheet.appraisal());
    rules.erase("ak.hierarchy");
    return rules;
}

std::vector<Bytes> vendor_certificates(std::initializer_list<const char*> names) {
    std::vector<Bytes> out;
    for (const char* name : names) {
        const auto pem = encode::from_pem(
            testdata_text(std::string("keylime/tpm_cert_store/") + name), "CERTIFICATE");
        REQUIRE(pem);
        out.insert(out.end(), pem->begin(), pem->end());
    }
    return out;
}

Done chains(const char* leaf, const std::vector<Bytes>& helpers, const std::vector<Bytes>& roots) {
    const Bytes der = testdata_bytes(std::string("keylime/ek-certs/") + leaf);
    const auto parsed = crypto::parse_certificate(der);
    if (!parsed) return Error(parsed.error());
    return crypto::verify_chain(
        der, helpers, roots, {.now = parsed->not_before + 1, .ignore_unknown_critical_san = true});
}

}  // namespace

TEST_CASE("quote: real quotes over three banks hold", "[attest][testdata]") {
    if (testdata().empty()) HOLDFAST_SKIP("HOLDFAST_TESTDATA is not set");
    for (const char* bank : {"sha1", "sha256", "sha384"}) {
        INFO(bank);
        CHECK(failed_of("go-tpm-tools/attestations/gce-cos-85-nonce9009-" + std::string(bank) +
                        ".json")
                  .empty());
    }
}

TEST_CASE("quote: each broken quote fails where it is broken", "[attest][testdata]") {
    if (testdata().empty()) HOLDFAST_SKIP("HOLDFAST_TESTDATA is not set");
    const auto broken = [](const char* name) {
        return failed_of("derived-negative/quote-" + std::string(name) + ".json");
    };
    CHECK(broken("wrong-nonce") == Rules{"quote.challenge"});
    CHECK(broken("nonce-prefix") == Rules{"quote.challenge"});
    CHECK(broken("extra-pcr") == Rules{"quote.pcrs"});
    CHECK(broken("pcr-missing") == Rules{"quote.pcrs", "quote.pcr_digest"});
    CHECK(broken("sig-truncated") == Rules{"quote.signature"});
    CHECK(broken("trailing-bytes") == Rules{"quote.signature", "quote.format"});
}

TEST_CASE("quote: the digest is made with the signature's hash, not the bank's",
          "[attest][testdata]") {
    if (testdata().empty()) HOLDFAST_SKIP("HOLDFAST_TESTDATA is not set");
    const auto vector = testdata_json("go-tpm-tools/attestations/gce-cos-85-nonce9009-sha384.json");
    const auto read = tpm2::read_attest(hex_member(vector, "tpms_attest_hex"));
    REQUIRE(read);
    const auto& info = std::get<tpm2::QuoteInfo>(read->what);
    CHECK(attest::check_pcr_digest(info, banks_in(vector), tpm2::alg_sha256));
    CHECK_FALSE(attest::check_pcr_digest(info, banks_in(vector), tpm2::alg_sha384));
}

TEST_CASE("webauthn: a real chip's certify statement verifies under its AK certificate",
          "[attest][testdata]") {
    if (testdata().empty()) HOLDFAST_SKIP("HOLDFAST_TESTDATA is not set");
    const auto statement = testdata_json("webauthn/nuvoton_npct75x_ecc.json");
    const auto ak =
        crypto::parse_certificate(testdata_bytes("webauthn/nuvoton_npct75x_ecc.x5c0.der"));
    REQUIRE(ak);
    const Bytes info = hex_member(statement, "certInfo_hex");
    CHECK(crypto::verify_signature(ak->spki, crypto::SignatureScheme::rsassa, "SHA1", info,
                                   hex_member(statement, "sig_hex")));
    const auto bound = crypto::hash("SHA1", {hex_member(statement, "authData_hex"),
                                             hex_member(statement, "clientDataHash_hex")});
    const auto read = tpm2::read_attest(info);
    REQUIRE(read);
    CHECK(read->extra_data == *bound);
}

TEST_CASE("EK certificates: real ones chain to their vendors, and to nobody else",
          "[attest][testdata]") {
    if (testdata().empty()) HOLDFAST_SKIP("HOLDFAST_TESTDATA is not set");
    const auto stm_roots = vendor_certificates({"STM_RSA_RT.pem", "GS_TPM_RT.pem"});
    const auto stm = vendor_certificates({"STM_RSA_01I.pem", "STM_RSA_02I.pem", "STM_RSA_03I.pem",
                                          "STM_RSA_04I.pem", "STM_RSA_05I.pem", "STM_RSA_06I.pem",
                                          "STM_RSA_07I.pem"});
    CHECK(chains("stm-st33htphahb4-rsa.der", stm, stm_roots));
    const auto nuvoton = vendor_certificates({"NUVO_2111.pem"});
    CHECK(chains("nuvoton-nonDER-setordering-B.der", {}, nuvoton));
    CHECK_FALSE(chains("nuvoton-nonDER-setordering-B.der", stm, stm_roots));
    CHECK_FALSE(chains("stm-st33htphahb4-rsa.der", stm, nuvoton));
}

TEST_CASE("EK certificates: the maker is read from the certificate", "[attest][testdata]") {
    if (testdata().empty()) HOLDFAST_SKIP("HOLDFAST_TESTDATA is not set");
    const auto stm =
        crypto::chip_identity(testdata_bytes("keylime/ek-certs/stm-st33htphahb4-rsa.der"));
    REQUIRE(stm);
    CHECK(stm->manufacturer == "id:53544D20");
}
