// What the TPM signed: one thing is bent per row, and exactly one rule must notice it.
#include <algorithm>

#include "core/crypto/digest.h"
#include "tests/support/bent_evidence.h"

using namespace holdfast;
using namespace holdfast::tests;

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

TEST_CASE("evidence: a missing statement fails, it is not skipped", "[attest][verify]") {
    Bends bends;
    bends.evidence = [](Evidence& e) { e.tpm->host_fuse_certified = {}; };
    const Appraisal appraisal = appraise(bends);
    CHECK(failed(appraisal) == Rules{"fuse.host.format", "fuse.host.signature"});
    CHECK_FALSE(appraisal.accepted());
}

TEST_CASE("evidence: supplied PCRs must be the quoted PCRs, by value and by set",
          "[attest][verify]") {
    run({
        {"value", {.evidence = [](Evidence& e) { e.tpm->pcrs[4][0] ^= 1; }}, "quote.pcr_digest"},
        {"more", {.evidence = [](Evidence& e) { e.tpm->pcrs[23] = Sha256{}; }}, "quote.pcrs"},
        {"digest",
         {.attest =
              in(Part::quote, [](TPMS_ATTEST& a) { a.attested.quote.pcrDigest.buffer[0] ^= 1; })},
         "quote.pcr_digest"},
    });
    // A missing value can neither be compared nor hashed.
    CHECK(failed(appraise({.evidence = [](Evidence& e) { e.tpm->pcrs.erase(7); }})) ==
          Rules{"quote.pcrs", "quote.pcr_digest"});
}
