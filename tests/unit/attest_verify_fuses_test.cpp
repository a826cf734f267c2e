// Fuses: attributes, Names, values, and the policy they make.
#include <algorithm>

#include "core/crypto/digest.h"
#include "tests/support/bent_evidence.h"

using namespace holdfast;
using namespace holdfast::tests;

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
            const bool nv = part != Part::key && part != Part::quote;
            a.attested = {};
            a.type = nv ? TPM2_ST_ATTEST_CERTIFY : TPM2_ST_ATTEST_NV;
            a.extraData = other;
        },
        nullptr);
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
         {.evidence = [](Evidence& e) { e.tpm->key.name.back() ^= 1; }},
         "key.description"},
        {"other purpose",
         {.description = [](KeyDescription& key) { key.purpose = Purpose::certificate; }},
         "key.description"},
        {"public area cut short",
         {.evidence = [](Evidence& e) { e.tpm->key.tpm_public.pop_back(); }},
         "key.public"},
        {"AK area longer",
         {.evidence = [](Evidence& e) { e.tpm->ak_public.push_back(0); }},
         "ak.public"},
    });
}

TEST_CASE("evidence: a value shown for a fuse that is not in the policy is noticed",
          "[attest][verify]") {
    // The host blew the fuse and now shows the value it has, so that it looks intact.
    Bends bends;
    bends.evidence = [](Evidence& e) { ++e.tpm->key.agent_fuse.value; };
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
        {"part of a bank, where what is missing reads as unblown",
         {.attest = in(Part::agent_fuse, [](TPMS_ATTEST& a) { a.attested.nv.offset = 1; }),
          .bank = true},
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
    CHECK(not_run(appraisal) ==
          and_possession({"fuse.agent.attributes", "fuse.agent.format", "fuse.agent.signature",
                          "fuse.agent.challenge", "fuse.agent.name", "fuse.agent.intact"}));
}

TEST_CASE("evidence: a fuse that the policy has cannot be left out", "[attest][verify]") {
    Bends bends;
    bends.evidence = [](Evidence& e) {
        e.tpm->key.agent_fuse = {
            .kind = FuseKind::host, .nv_index = 0, .value = 0, .nv_public = {}};
        e.tpm->agent_fuse_certified = {};
    };
    // The credential still names the counter, so both notice.
    CHECK(failed(appraise(bends)) == Rules{"key.policy", "key.credential"});
}

TEST_CASE("evidence: a quote over fewer than the boot PCRs is refused", "[attest][verify]") {
    Bends bends;
    bends.attest = in(Part::quote, [](TPMS_ATTEST& a) {
        a.attested.quote.pcrSelect.pcrSelections[0].pcrSelect[0] = 0x01;
        a.attested.quote.pcrSelect.pcrSelections[0].pcrSelect[1] = 0;
        const Sha256 digest = crypto::sha256(crypto::sha256(Bytes{0}));
        std::ranges::copy(digest, a.attested.quote.pcrDigest.buffer);
    });
    bends.evidence = [](Evidence& e) {
        const Sha256 first = e.tpm->pcrs[0];
        e.tpm->pcrs = {{0, first}};
    };
    bends.no_register = true;
    bends.assurance = "observed";
    CHECK(failed(appraise(bends)) == Rules{"quote.boot_pcrs"});
}
