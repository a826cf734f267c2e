// Profiles no issuer of ours would make are signed here by hand, from its own TBSCertificate.
#include <algorithm>

#include "core/crypto/svid.h"
#include "core/encode/json.h"
#include "core/encode/pem.h"
#include "tests/support/appraisal.h"
#include "tests/support/catch.h"
#include "tests/support/software_attester.h"

using namespace holdfast;
using attest::Expectations;
using attest::Profile;
using attest::verify_credential;
using tests::failed;
using tests::not_run;
using tests::SoftwareAttester;

namespace {

using Rules = std::set<std::string>;

constexpr const char* claims =
    R"({"assurance":"observed","custody":"tpm","fuse":"counter",)"
    R"("measurement":"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"})";

crypto::SvidRequest request(const SoftwareAttester& host) {
    return {.spiffe_id = SoftwareAttester::agent,
            .subject_spki = host.agent_key().spki(),
            .ca_certificate = host.ca_certificate(),
            .serial = Bytes(16, 0x22),
            .not_before = SoftwareAttester::now - 60,
            .not_after = SoftwareAttester::now + 3600,
            .claims = claims};
}

std::string pem_of(const SoftwareAttester& host, const Bytes& tbs) {
    const auto leaf = crypto::assemble_certificate(tbs, host.ca_key().sign(tbs));
    REQUIRE(leaf);
    return encode::to_pem("CERTIFICATE", *leaf) +
           encode::to_pem("CERTIFICATE", host.ca_certificate());
}

Rules failed_of(const SoftwareAttester& host, const std::string& pem) {
    Expectations expected = host.expectations(Profile::production);
    const auto appraisal = verify_credential(pem, expected);
    REQUIRE(appraisal);
    return failed(*appraisal);
}

// The TBSCertificate with one run of bytes replaced by another of the same length.
Bytes replaced(Bytes tbs, const Bytes& from, const Bytes& to) {
    const auto found = std::search(tbs.begin(), tbs.end(), from.begin(), from.end());
    REQUIRE(found != tbs.end());
    std::copy(to.begin(), to.end(), found);
    return tbs;
}

}  // namespace

TEST_CASE("credential: a local SVID is accepted and says what it claims", "[attest][verify]") {
    const SoftwareAttester host;
    const auto appraisal =
        verify_credential(host.credential_pem(), host.expectations(Profile::production));
    REQUIRE(appraisal);
    CHECK(appraisal->accepted());
    CHECK(not_run(*appraisal).empty());
    CHECK(appraisal->subject == SoftwareAttester::agent);
    CHECK(appraisal->claims.at("assurance") == "launched");
}

TEST_CASE("credential: without a root nothing is established", "[attest][verify]") {
    const SoftwareAttester host;
    Expectations expected = host.expectations(Profile::evaluation);
    expected.ca_roots.clear();
    const auto appraisal = verify_credential(host.credential_pem(), expected);
    CHECK(failed(*appraisal).empty());
    CHECK(not_run(*appraisal) == Rules{"credential.chain"});
    CHECK_FALSE(appraisal->accepted());
    CHECK(appraisal->subject.empty());
}

TEST_CASE("credential: another issuer is not accepted", "[attest][verify]") {
    const SoftwareAttester host;
    const SoftwareAttester other;
    CHECK(failed_of(other, host.credential_pem()) == Rules{"credential.chain"});
}

TEST_CASE("credential: it ends, and does not begin early", "[attest][verify]") {
    const SoftwareAttester host;
    for (const std::int64_t now : {SoftwareAttester::now + 3601, SoftwareAttester::now - 61}) {
        Expectations expected = host.expectations(Profile::production);
        expected.now = now;
        CHECK(failed(*verify_credential(host.credential_pem(), expected)) ==
              Rules{"credential.chain", "credential.current"});
    }
    for (const std::int64_t now : {SoftwareAttester::now + 3599, SoftwareAttester::now - 60}) {
        Expectations expected = host.expectations(Profile::production);
        expected.now = now;
        CHECK(failed(*verify_credential(host.credential_pem(), expected)).empty());
    }
}

TEST_CASE("credential: usages other than the profile's are noticed", "[attest][verify]") {
    const SoftwareAttester host;
    const Bytes tbs = *crypto::svid_tbs(request(host));
    // keyUsage: 03 02 07 80 = digitalSignature; 03 02 07 C0 is no shorter: nonRepudiation too.
    CHECK(failed_of(host, pem_of(host, replaced(tbs, {0x03, 0x02, 0x07, 0x80},
                                                {0x03, 0x02, 0x06, 0xC0}))) ==
          Rules{"credential.key_usage"});
    // serverAuth 1.3.6.1.5.5.7.3.1 becomes codeSigning …3.3
    const Bytes usage = {0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01};
    Bytes code_signing = usage;
    code_signing.back() = 0x03;
    CHECK(failed_of(host, pem_of(host, replaced(tbs, usage, code_signing))) ==
          Rules{"credential.extended_key_usage"});
}

TEST_CASE("credential: a name that is no agent's is noticed", "[attest][verify]") {
    const SoftwareAttester host;
    const Bytes tbs = *crypto::svid_tbs(request(host));
    const auto bytes = [](std::string_view text) { return bytes_of(view_of(text)); };
    CHECK(failed_of(host, pem_of(host, replaced(tbs, bytes("/agent/deploy-bot"),
                                                bytes("/agenT/deploy-bot")))) ==
          Rules{"credential.spiffe_id"});
    CHECK(failed_of(host, pem_of(host, replaced(tbs, bytes("/agent/deploy-bot"),
                                                bytes("/agent/deploy-bat")))) ==
          Rules{"credential.agent"});
}

TEST_CASE("credential: claims are strict", "[attest][verify]") {
    const SoftwareAttester host;
    const std::string good = claims;
    for (const std::string& text :
         {std::string(R"({"assurance":"observed","custody":"tpm","fuse":"counter"})"),
          std::string("{}"), std::string(good).replace(good.find("observed"), 8, "obs3rved"),
          std::string(good).replace(good.find("\"tpm\""), 5, "\"moon\""),
          std::string(good).replace(good.find("{"), 1, "{\"a\":1,")}) {
        crypto::SvidRequest bent = request(host);
        bent.claims = text;
        const auto tbs = crypto::svid_tbs(bent);
        if (!tbs) continue;  // the issuer itself refuses to make it
        INFO(text);
        CHECK(failed_of(host, pem_of(host, *tbs)) == Rules{"credential.claims"});
    }
}

TEST_CASE("credential: what is no certificate is one failed rule", "[attest][verify]") {
    const SoftwareAttester host;
    CHECK(failed_of(host, "") == Rules{"credential.parses"});
    CHECK(failed_of(host, encode::to_pem("CERTIFICATE", Bytes{1, 2, 3})) ==
          Rules{"credential.parses"});
    Bytes longer = host.credential().front();
    longer.push_back(0);
    CHECK(failed_of(host, encode::to_pem("CERTIFICATE", longer)) == Rules{"credential.parses"});
}

TEST_CASE("credential: a CA certificate is no credential", "[attest][verify]") {
    const SoftwareAttester host;
    const auto rules = failed_of(host, encode::to_pem("CERTIFICATE", host.ca_certificate()));
    CHECK(rules.contains("credential.not_ca"));
    CHECK(rules.contains("credential.lifetime"));
    CHECK(rules.contains("credential.spiffe_id"));
}
