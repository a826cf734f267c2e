// One thing is bent per row, and exactly one rule must notice it.
#include <tss2/tss2_tpm2_types.h>

#include <algorithm>
#include <vector>

#include "core/crypto/digest.h"
#include "tests/support/appraisal.h"
#include "tests/support/catch.h"
#include "tests/support/software_attester.h"

using namespace holdfast;
using attest::Appraisal;
using attest::Expectations;
using attest::Outcome;
using attest::Profile;
using attest::verify_evidence;
using tests::Bends;
using tests::failed;
using tests::not_run;
using tests::Part;
using tests::SoftwareAttester;

namespace {

using Rules = std::set<std::string>;

Appraisal appraise(Bends bends, Profile profile = Profile::production) {
    const SoftwareAttester host(std::move(bends));
    auto appraisal = verify_evidence(host.packed(), host.expectations(profile));
    REQUIRE(appraisal);
    return *std::move(appraisal);
}

struct Row {
    const char* what;
    Bends bends;
    const char* rule;
};

void run(const std::vector<Row>& rows) {
    for (const Row& row : rows) {
        INFO(row.what);
        const Appraisal appraisal = appraise(row.bends);
        CHECK(failed(appraisal) == Rules{row.rule});
        CHECK_FALSE(appraisal.accepted());
    }
}

void set_name(TPM2B_NAME& name, std::uint8_t last) {
    name.name[name.size - 1] = static_cast<BYTE>(name.name[name.size - 1] ^ last);
}

// The bend applies to one statement only.
std::function<void(Part, TPMS_ATTEST&)> in(Part wanted, void (*bend)(TPMS_ATTEST&)) {
    return [=](Part part, TPMS_ATTEST& attest) {
        if (part == wanted) bend(attest);
    };
}

struct Prefix {
    Part part;
    const char* rule;
};
constexpr Prefix prefixes[] = {{Part::key, "key"},
                               {Part::agent_fuse, "fuse.agent"},
                               {Part::host_fuse, "fuse.host"},
                               {Part::quote, "quote"}};

// For every statement alike.
void run_for_all(const char* suffix, std::function<void(Part, TPMS_ATTEST&)> attest,
                 std::function<void(Part, Bytes&)> bytes) {
    for (const Prefix& prefix : prefixes) {
        Bends bends;
        if (attest)
            bends.attest = [&](Part part, TPMS_ATTEST& statement) {
                if (part == prefix.part) attest(part, statement);
            };
        if (bytes)
            bends.bytes = [&](Part part, Bytes& statement) {
                if (part == prefix.part) bytes(part, statement);
            };
        const std::string rule = std::string(prefix.rule) + suffix;
        INFO(rule);
        const SoftwareAttester host(bends);
        const auto appraisal =
            verify_evidence(host.packed(), host.expectations(Profile::production));
        REQUIRE(appraisal);
        CHECK(failed(*appraisal) == Rules{rule});
        CHECK_FALSE(appraisal->accepted());
    }
}

}  // namespace

TEST_CASE("evidence: an enrolled host with a real chip is accepted in production",
          "[attest][verify]") {
    const Appraisal appraisal = appraise({});
    CHECK(failed(appraisal).empty());
    CHECK(not_run(appraisal).empty());
    CHECK(appraisal.accepted());
    CHECK(appraisal.subject == SoftwareAttester::agent);
    CHECK(appraisal.claims.at("custody") == "tpm");
}

TEST_CASE("evidence: a statement no TPM made is refused", "[attest][verify]") {
    run_for_all(".format", [](Part, TPMS_ATTEST& a) { a.magic = 0xff544346; }, nullptr);
}

TEST_CASE("evidence: bytes after a statement are refused, though signed", "[attest][verify]") {
    run_for_all(".format", nullptr, [](Part, Bytes& bytes) { bytes.push_back(0); });
}

TEST_CASE("evidence: a statement cut short is refused, though signed", "[attest][verify]") {
    run_for_all(".format", nullptr, [](Part, Bytes& bytes) { bytes.pop_back(); });
}

TEST_CASE("evidence: a statement of another type is refused", "[attest][verify]") {
    run_for_all(
        ".format",
        [](Part part, TPMS_ATTEST& a) {
            const auto other = a.extraData;
            const bool nv = part == Part::agent_fuse || part == Part::host_fuse;
            a.attested = {};
            a.type = nv ? TPM2_ST_ATTEST_CERTIFY : TPM2_ST_ATTEST_NV;
            a.extraData = other;
        },
        nullptr);
}

TEST_CASE("evidence: each statement must carry this challenge", "[attest][verify]") {
    run_for_all(".challenge", [](Part, TPMS_ATTEST& a) { a.extraData.buffer[31] ^= 1; }, nullptr);
    run_for_all(".challenge", [](Part, TPMS_ATTEST& a) { a.extraData.size = 31; }, nullptr);
    run_for_all(".challenge", [](Part, TPMS_ATTEST& a) { a.extraData.size = 33; }, nullptr);
}

TEST_CASE("evidence: each statement must be signed by the AK", "[attest][verify]") {
    for (const Prefix& prefix : prefixes) {
        Bends bends;
        bends.signature = [&](Part part, TPMT_SIGNATURE& signature) {
            if (part == prefix.part) signature.signature.ecdsa.signatureS.buffer[5] ^= 1;
        };
        INFO(prefix.rule);
        CHECK(failed(appraise(bends)) == Rules{std::string(prefix.rule) + ".signature"});
    }
}

TEST_CASE("evidence: each statement must name the AK as an endorsement primary",
          "[attest][verify]") {
    for (const Prefix& prefix : prefixes) {
        Bends bends;
        bends.attest = [&](Part part, TPMS_ATTEST& a) {
            if (part == prefix.part) set_name(a.qualifiedSigner, 1);
        };
        INFO(prefix.rule);
        CHECK(failed(appraise(bends)) == Rules{"ak.hierarchy"});
    }
}

TEST_CASE("evidence: another boot or a clock gone back is noticed", "[attest][verify]") {
    run({
        {"reset",
         {.attest = in(Part::quote, [](TPMS_ATTEST& a) { ++a.clockInfo.resetCount; })},
         "clock.same_boot"},
        {"restart",
         {.attest = in(Part::key, [](TPMS_ATTEST& a) { ++a.clockInfo.restartCount; })},
         "clock.same_boot"},
        {"order",
         {.attest = in(Part::quote, [](TPMS_ATTEST& a) { a.clockInfo.clock = 1; })},
         "clock.order"},
    });
}

TEST_CASE("evidence: the AK must be restricted, bound and unable to decrypt", "[attest][verify]") {
    for (const TPMA_OBJECT bit :
         {TPMA_OBJECT_RESTRICTED, TPMA_OBJECT_SIGN_ENCRYPT, TPMA_OBJECT_FIXEDTPM,
          TPMA_OBJECT_FIXEDPARENT, TPMA_OBJECT_SENSITIVEDATAORIGIN, TPMA_OBJECT_DECRYPT}) {
        INFO("bit " << bit);
        CHECK(failed(appraise({.ak = [=](TPMT_PUBLIC& ak) { ak.objectAttributes ^= bit; }})) ==
              Rules{"ak.attributes"});
    }
}

TEST_CASE("evidence: the agent key must be usable through its fuses only", "[attest][verify]") {
    for (const TPMA_OBJECT bit :
         {TPMA_OBJECT_FIXEDTPM, TPMA_OBJECT_FIXEDPARENT, TPMA_OBJECT_SENSITIVEDATAORIGIN,
          TPMA_OBJECT_SIGN_ENCRYPT, TPMA_OBJECT_USERWITHAUTH, TPMA_OBJECT_ADMINWITHPOLICY,
          TPMA_OBJECT_RESTRICTED, TPMA_OBJECT_DECRYPT, TPMA_OBJECT_ENCRYPTEDDUPLICATION}) {
        INFO("bit " << bit);
        CHECK(failed(appraise({.key = [=](TPMT_PUBLIC& key) { key.objectAttributes ^= bit; }})) ==
              Rules{"key.attributes"});
    }
}

TEST_CASE("evidence: the agent key's scheme, Name and policy must be its own", "[attest][verify]") {
    run({
        {"no fixed scheme",
         {.key = [](TPMT_PUBLIC& key) { key.parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL; }},
         "key.scheme"},
        {"other hash",
         {.key =
              [](TPMT_PUBLIC& key) {
                  key.parameters.eccDetail.scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA384;
              }},
         "key.scheme"},
        {"no policy", {.key = [](TPMT_PUBLIC& key) { key.authPolicy.size = 0; }}, "key.policy"},
        {"other policy",
         {.key = [](TPMT_PUBLIC& key) { key.authPolicy.buffer[0] ^= 1; }},
         "key.policy"},
        {"other key certified",
         {.attest = in(Part::key, [](TPMS_ATTEST& a) { set_name(a.attested.certify.name, 1); })},
         "key.name"},
        {"described otherwise",
         {.evidence = [](Evidence& e) { e.tpm.key.name.back() ^= 1; }},
         "key.description"},
        {"other purpose",
         {.description = [](KeyDescription& key) { key.purpose = Purpose::certificate; }},
         "key.description"},
        {"public area cut short",
         {.evidence = [](Evidence& e) { e.tpm.key.tpm_public.pop_back(); }},
         "key.public"},
        {"AK area longer",
         {.evidence = [](Evidence& e) { e.tpm.ak_public.push_back(0); }},
         "ak.public"},
    });
}

TEST_CASE("evidence: a value shown for a fuse that is not in the policy is noticed",
          "[attest][verify]") {
    // The host blew the fuse and now shows the value it has, so that it looks intact.
    Bends bends;
    bends.evidence = [](Evidence& e) { ++e.tpm.key.agent_fuse.value; };
    bends.attest =
        in(Part::agent_fuse, [](TPMS_ATTEST& a) { ++a.attested.nv.nvContents.buffer[7]; });
    CHECK(failed(appraise(bends)) == Rules{"key.policy"});
}

TEST_CASE("evidence: a blown fuse is noticed", "[attest][verify]") {
    const auto bump = [](TPMS_ATTEST& a) { ++a.attested.nv.nvContents.buffer[7]; };
    run({
        {"agent", {.attest = in(Part::agent_fuse, bump)}, "fuse.agent.intact"},
        {"host", {.attest = in(Part::host_fuse, bump)}, "fuse.host.intact"},
        {"bank",
         {.attest = in(Part::agent_fuse,
                       [](TPMS_ATTEST& a) { a.attested.nv.nvContents.buffer[7] |= 0x10; }),
          .bank = true},
         "fuse.agent.intact"},
        {"part of the index",
         {.attest = in(Part::agent_fuse, [](TPMS_ATTEST& a) { a.attested.nv.offset = 1; })},
         "fuse.agent.intact"},
        {"less of the index",
         {.attest = in(Part::host_fuse, [](TPMS_ATTEST& a) { a.attested.nv.nvContents.size = 7; })},
         "fuse.host.intact"},
    });
}

TEST_CASE("evidence: an index other than the one in the policy is noticed", "[attest][verify]") {
    run({
        {"agent",
         {.attest =
              in(Part::agent_fuse, [](TPMS_ATTEST& a) { set_name(a.attested.nv.indexName, 1); })},
         "fuse.agent.name"},
        {"host",
         {.attest =
              in(Part::host_fuse, [](TPMS_ATTEST& a) { set_name(a.attested.nv.indexName, 1); })},
         "fuse.host.name"},
    });
}

TEST_CASE("evidence: an index that could be reset, locked or deleted is no fuse",
          "[attest][verify]") {
    for (const TPMA_NV bit :
         {TPMA_NV_ORDERLY, TPMA_NV_CLEAR_STCLEAR, TPMA_NV_WRITEDEFINE, TPMA_NV_WRITE_STCLEAR,
          TPMA_NV_READ_STCLEAR, TPMA_NV_POLICY_DELETE, TPMA_NV_POLICYWRITE, TPMA_NV_PPWRITE,
          TPMA_NV_NO_DA, TPMA_NV_WRITTEN, TPMA_NV_AUTHWRITE}) {
        INFO("bit " << bit);
        const auto flip = [=](TPMS_NV_PUBLIC& index) { index.attributes ^= bit; };
        CHECK(failed(appraise({.agent_index = flip})) == Rules{"fuse.agent.attributes"});
        CHECK(failed(appraise({.host_index = flip})) == Rules{"fuse.host.attributes"});
    }
}

TEST_CASE("evidence: a key without fuses is refused", "[attest][verify]") {
    const auto none = [](KeyDescription& key) { key.agent_fuse.kind = FuseKind::none; };
    CHECK(failed(appraise({.description = none})).contains("fuse.kind"));
    const auto no_host = [](KeyDescription& key) { key.host_fuse.kind = FuseKind::none; };
    CHECK(failed(appraise({.description = no_host})).contains("fuse.kind"));
}

TEST_CASE("evidence: a bank's bit is a fuse", "[attest][verify]") {
    const Appraisal appraisal = appraise({.bank = true});
    CHECK(appraisal.accepted());
    CHECK(appraisal.claims.at("fuse") == "bank");
}

TEST_CASE("evidence: without room for a fuse the host fuse alone is said, not hidden",
          "[attest][verify]") {
    const Appraisal appraisal = appraise({.no_agent_fuse = true});
    CHECK(failed(appraisal).empty());
    CHECK(appraisal.accepted());
    CHECK(appraisal.claims.at("fuse") == "host");
    CHECK(not_run(appraisal) == Rules{"fuse.agent.attributes", "fuse.agent.format",
                                      "fuse.agent.signature", "fuse.agent.challenge",
                                      "fuse.agent.name", "fuse.agent.intact"});
}

TEST_CASE("evidence: a fuse that the policy has cannot be left out", "[attest][verify]") {
    Bends bends;
    bends.evidence = [](Evidence& e) {
        e.tpm.key.agent_fuse = {.kind = FuseKind::host, .nv_index = 0, .value = 0, .nv_public = {}};
        e.tpm.agent_fuse_certified = {};
    };
    // The credential still names the counter, so both notice.
    CHECK(failed(appraise(bends)) == Rules{"key.policy", "key.credential"});
}

TEST_CASE("evidence: a missing statement fails, it is not skipped", "[attest][verify]") {
    Bends bends;
    bends.evidence = [](Evidence& e) { e.tpm.host_fuse_certified = {}; };
    const Appraisal appraisal = appraise(bends);
    CHECK(failed(appraisal) == Rules{"fuse.host.format", "fuse.host.signature"});
    CHECK_FALSE(appraisal.accepted());
}

TEST_CASE("evidence: supplied PCRs must be the quoted PCRs, by value and by set",
          "[attest][verify]") {
    run({
        {"value", {.evidence = [](Evidence& e) { e.tpm.pcrs[4][0] ^= 1; }}, "quote.pcr_digest"},
        {"more", {.evidence = [](Evidence& e) { e.tpm.pcrs[23] = Sha256{}; }}, "quote.pcrs"},
        {"digest",
         {.attest =
              in(Part::quote, [](TPMS_ATTEST& a) { a.attested.quote.pcrDigest.buffer[0] ^= 1; })},
         "quote.pcr_digest"},
    });
    // A missing value can neither be compared nor hashed.
    CHECK(failed(appraise({.evidence = [](Evidence& e) { e.tpm.pcrs.erase(7); }})) ==
          Rules{"quote.pcrs", "quote.pcr_digest"});
}

TEST_CASE("evidence: a quote over fewer than the boot PCRs is refused", "[attest][verify]") {
    Bends bends;
    bends.attest = in(Part::quote, [](TPMS_ATTEST& a) {
        a.attested.quote.pcrSelect.pcrSelections[0].pcrSelect[0] = 0x01;
        const Sha256 digest = crypto::sha256(crypto::sha256(Bytes{0}));
        std::ranges::copy(digest, a.attested.quote.pcrDigest.buffer);
    });
    bends.evidence = [](Evidence& e) {
        const Sha256 first = e.tpm.pcrs[0];
        e.tpm.pcrs = {{0, first}};
    };
    CHECK(failed(appraise(bends)) == Rules{"quote.boot_pcrs"});
}

TEST_CASE("evidence: nonce, verifier, credential and ledger head are bound by the challenge",
          "[attest][verify]") {
    const Rules all = {"quote.challenge", "key.challenge", "fuse.agent.challenge",
                       "fuse.host.challenge"};
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
    CHECK(not_run(*appraisal) == Rules{"evidence.nonce"});
    CHECK_FALSE(appraisal->accepted());
    expected = host.expectations(Profile::production);
    expected.enrolment.reset();
    appraisal = verify_evidence(packed, expected);
    CHECK(not_run(*appraisal) == Rules{"ek.enrolment", "custody.hardware"});
    CHECK_FALSE(appraisal->accepted());
    expected = host.expectations(Profile::production);
    expected.ca_roots.clear();
    appraisal = verify_evidence(packed, expected);
    CHECK(not_run(*appraisal) == Rules{"credential.chain"});
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
          Rules{"ek.chain", "ek.enrolment", "custody.claim", "custody.hardware"});
    CHECK(appraisal->claims.at("custody") == "unproven");
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
    const auto foreign = other.evidence().tpm.ek_certificates;
    const SoftwareAttester host(
        {.evidence = [&](Evidence& e) { e.tpm.ek_certificates = foreign; }});
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
    CHECK(not_run(honest) == Rules{"custody.hardware"});
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

TEST_CASE("appraisal: an empty one is not accepted", "[attest][verify]") {
    CHECK_FALSE(Appraisal{}.accepted());
}
