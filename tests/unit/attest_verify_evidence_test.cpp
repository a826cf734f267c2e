// What the verifier expects: nonce, roots, enrolment, custody.
#include <algorithm>
#include <fstream>
#include <sstream>

#include "attest/evidence/pack.h"
#include "core/crypto/digest.h"
#include "tests/support/bent_evidence.h"

using namespace holdfast;
using namespace holdfast::tests;

TEST_CASE("evidence: an enrolled host with a real chip is accepted in production",
          "[attest][verify]") {
    const Appraisal appraisal = appraise({});
    CHECK(failed(appraisal).empty());
    CHECK(not_run(appraisal) == possession_rules);
    CHECK(appraisal.accepted());
    CHECK(appraisal.subject == SoftwareAttester::agent);
    CHECK(appraisal.claims.at("custody") == "tpm");
}

TEST_CASE("evidence: nonce, verifier, credential and ledger head are bound by the challenge",
          "[attest][verify]") {
    const Rules all = {"quote.challenge", "key.challenge", "fuse.agent.challenge",
                       "fuse.host.challenge", "register.challenge"};
    CHECK(failed(appraise({.evidence = [](Evidence& e) { --e.register_events; }})) == all);
    CHECK(failed(appraise({.evidence = [](Evidence& e) { ++e.ledger_head.size; }})) == all);
    CHECK(failed(appraise({.evidence = [](Evidence& e) { e.ledger_head.root[0] ^= 1; }})) == all);
    Rules with_nonce = all;
    with_nonce.insert("evidence.nonce");
    CHECK(failed(appraise({.evidence = [](Evidence& e) { e.nonce[0] ^= 1; }})) == with_nonce);
    Rules with_verifier = all;
    with_verifier.insert("evidence.verifier");
    CHECK(failed(appraise({.evidence = [](Evidence& e) { e.verifier = "elsewhere"; }})) ==
          with_verifier);
}

TEST_CASE("evidence: a nonce that is a prefix of ours is not ours", "[attest][verify]") {
    const SoftwareAttester host;
    Expectations expected = host.expectations(Profile::production);
    expected.nonce = Bytes(31, 0x5A);
    CHECK(failed(*verify_evidence(host.packed(), expected)) == Rules{"evidence.nonce"});
    expected.nonce = Bytes(33, 0x5A);
    CHECK(failed(*verify_evidence(host.packed(), expected)) == Rules{"evidence.nonce"});
}

TEST_CASE("evidence: what the verifier does not say is not run, and not accepted where required",
          "[attest][verify]") {
    const SoftwareAttester host;
    const std::string packed = host.packed();
    Expectations expected = host.expectations(Profile::production);
    expected.nonce.reset();
    auto appraisal = verify_evidence(packed, expected);
    CHECK(not_run(*appraisal) == and_possession({"evidence.nonce"}));
    CHECK_FALSE(appraisal->accepted());
    expected = host.expectations(Profile::production);
    expected.enrolment.reset();
    appraisal = verify_evidence(packed, expected);
    CHECK(not_run(*appraisal) == and_possession({"ek.enrolment", "custody.hardware"}));
    CHECK_FALSE(appraisal->accepted());
    expected = host.expectations(Profile::production);
    expected.ca_roots.clear();
    appraisal = verify_evidence(packed, expected);
    CHECK(not_run(*appraisal) == and_possession({"credential.chain"}));
    CHECK(appraisal->subject.empty());
    CHECK_FALSE(appraisal->accepted());
}

TEST_CASE("evidence: evaluation accepts an unenrolled host, and says what was not run",
          "[attest][verify]") {
    const SoftwareAttester host;
    Expectations expected = host.expectations(Profile::evaluation);
    expected.enrolment.reset();
    expected.ek_roots.clear();
    const auto appraisal = verify_evidence(host.packed(), expected);
    CHECK(appraisal->accepted());
    CHECK(not_run(*appraisal) ==
          and_possession({"ek.chain", "ek.enrolment", "custody.claim", "custody.hardware"}));
    CHECK(appraisal->claims.at("custody") == "unproven");
}

TEST_CASE("custody: a chip's certificate says nothing of an AK that was not enrolled under it",
          "[attest][verify]") {
    const SoftwareAttester host;
    Expectations expected = host.expectations(Profile::evaluation);
    expected.enrolment.reset();
    const auto appraisal = verify_evidence(host.packed(), expected);
    CHECK(appraisal->claims.at("custody") == "unproven");
    CHECK(not_run(*appraisal).contains("custody.hardware"));
}

TEST_CASE("evidence: the credential must be for the certified key", "[attest][verify]") {
    const SoftwareAttester other;
    const std::vector<Bytes> stolen = other.credential();
    const SoftwareAttester host({.evidence = [&](Evidence& e) { e.credential = stolen; }});
    Expectations expected = host.expectations(Profile::production);
    expected.ca_roots = {other.ca_certificate()};
    const auto appraisal = verify_evidence(host.packed(), expected);
    CHECK(failed(*appraisal).contains("key.credential"));
    CHECK_FALSE(appraisal->accepted());
}

TEST_CASE("evidence: an EK that is no EK, or not the certified one, is noticed",
          "[attest][verify]") {
    run({
        {"may sign",
         {.ek = [](TPMT_PUBLIC& ek) { ek.objectAttributes |= TPMA_OBJECT_SIGN_ENCRYPT; }},
         "ek.public"},
        {"not restricted",
         {.ek = [](TPMT_PUBLIC& ek) { ek.objectAttributes &= ~TPMA_OBJECT_RESTRICTED; }},
         "ek.public"},
        {"certificate for something else",
         {.ek_certificate = [](tests::EkCertificate& c) { c.usage = "clientAuth"; }},
         "ek.certificate"},
        {"expired",
         {.ek_certificate =
              [](tests::EkCertificate& c) { c.not_after = SoftwareAttester::now - 1; }},
         "ek.chain"},
    });
    const SoftwareAttester other;
    const auto foreign = other.evidence().tpm->ek_certificates;
    const SoftwareAttester host(
        {.evidence = [&](Evidence& e) { e.tpm->ek_certificates = foreign; }});
    Expectations expected = host.expectations(Profile::production);
    expected.ek_roots = other.expectations(Profile::production).ek_roots;
    CHECK(failed(*verify_evidence(host.packed(), expected)) == Rules{"ek.key"});
}

TEST_CASE("evidence: an enrolment of another AK or EK is noticed", "[attest][verify]") {
    const SoftwareAttester host;
    const SoftwareAttester other;
    Expectations expected = host.expectations(Profile::production);
    expected.enrolment = other.expectations(Profile::production).enrolment;
    CHECK(failed(*verify_evidence(host.packed(), expected)) == Rules{"ek.enrolment"});
    expected.enrolment = Bytes{'{', '}'};
    CHECK(failed(*verify_evidence(host.packed(), expected)) == Rules{"ek.enrolment"});
}

TEST_CASE("custody: a simulator with a valid certificate is never hardware", "[attest][verify]") {
    const auto swtpm = [](tests::EkCertificate& c) { c.manufacturer = "id:00001014"; };
    const Appraisal honest =
        appraise({.ek_certificate = swtpm, .claimed_custody = "software-tpm"}, Profile::evaluation);
    CHECK(honest.accepted());
    CHECK(honest.claims.at("custody") == "software-tpm");
    CHECK(not_run(honest) == and_possession({"custody.hardware"}));
    const Appraisal production =
        appraise({.ek_certificate = swtpm, .claimed_custody = "software-tpm"});
    CHECK_FALSE(production.accepted());
    const Appraisal lying = appraise({.ek_certificate = swtpm}, Profile::evaluation);
    CHECK(failed(lying) == Rules{"custody.claim"});
    CHECK_FALSE(lying.accepted());
}

TEST_CASE("evidence: what cannot be read is one failed rule and nothing accepted",
          "[attest][verify]") {
    const SoftwareAttester host;
    const Expectations expected = host.expectations(Profile::evaluation);
    for (const std::string text : {"", "{}", "[]", "null", "{\"__cmwc_t\":\"2.25.1\"}"}) {
        const auto appraisal = verify_evidence(text, expected);
        REQUIRE(appraisal);
        CHECK(failed(*appraisal) == Rules{"evidence.format"});
        CHECK_FALSE(appraisal->accepted());
    }
}

TEST_CASE("evidence: made before keys lived in tokens it reads the same and is accepted",
          "[attest][verify]") {
    const std::ifstream file(HOLDFAST_SOURCE_DIR "/tests/vectors/evidence-before-tokens.json");
    std::ostringstream text;
    text << file.rdbuf();
    const auto old = attest::unpack(text.str());
    REQUIRE(old);
    CHECK(attest::pack(*old) == text.str());
    Expectations expected = SoftwareAttester().expectations(Profile::evaluation);
    expected.ca_roots = {old->credential.back()};
    expected.ek_roots.clear();
    expected.enrolment.reset();
    const auto appraisal = verify_evidence(text.str(), expected);
    CHECK(failed(*appraisal).empty());
    CHECK(not_run(*appraisal) ==
          and_possession({"ek.chain", "ek.enrolment", "custody.claim", "custody.hardware"}));
    CHECK(appraisal->accepted());
}

TEST_CASE("appraisal: an empty one is not accepted", "[attest][verify]") {
    CHECK_FALSE(Appraisal{}.accepted());
}
