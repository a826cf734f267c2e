// Evidence of a key in a token beside a real chip's statements: accepted as made, and not stripped.
#include <set>
#include <string>

#include "attest/evidence/challenge.h"
#include "attest/evidence/pack.h"
#include "core/crypto/digest.h"
#include "core/crypto/jwk.h"
#include "core/encode/jws.h"
#include "core/encode/possession.h"
#include "holdfast/verifier.h"
#include "tests/support/appraisal.h"
#include "tests/support/catch.h"
#include "tests/support/register_host.h"
#include "tests/support/software_key.h"

using namespace holdfast;
using tests::RegisterHost;

namespace {

using Rules = std::set<std::string>;

// A software key stands for the token: what is real here is the chip.
struct MixedHost {
    RegisterHost host;
    tests::SoftwareKey token;
    KeyDescription key;

    MixedHost() {
        key.id = "hsm-deploy-bot-1";
        key.agent = "deploy-bot";
        key.backend = Backend::pkcs11;
        key.custody = Custody::software_hsm;
        key.spki = token.spki();
        key.agent_fuse.kind = key.host_fuse.kind = FuseKind::object;
    }

    Evidence evidence() {
        Evidence evidence;
        evidence.nonce = Bytes(16, 7);
        evidence.verifier = "me";
        evidence.register_events = host.status().events;
        const auto challenge =
            attest::challenge_digest({.nonce = evidence.nonce,
                                      .verifier = evidence.verifier,
                                      .key_name = attest::key_name_of(key),
                                      .credential = {},
                                      .ledger_head = {},
                                      .register_events = evidence.register_events});
        auto tpm = host.tpm->quoter().attest("", *challenge);
        if (!tpm) FAIL(tpm.error().text());
        evidence.tpm = *std::move(tpm);
        evidence.possession =
            PossessionEvidence{.key = key, .jws = possession(evidence, *challenge)};
        return evidence;
    }

    std::string possession(const Evidence& evidence, const Sha256& challenge) const {
        const encode::Possession said{.agent = "spiffe://h.example/agent/deploy-bot",
                                      .ak = crypto::sha256(evidence.tpm->ak_public),
                                      .challenge = challenge,
                                      .custody = key.custody,
                                      .verifier = evidence.verifier};
        encode::JwsHeader header;
        header.alg = "ES256";
        header.typ = encode::possession_typ;
        header.kid = *crypto::jwk_thumbprint(key.spki);
        const std::string input = encode::signing_input(header, encode::to_json(said));
        return encode::compact(input, token.sign(view_of(input)));
    }
};

attest::Appraisal appraised(const Evidence& evidence) {
    const attest::Expectations expected{.now = 1,
                                        .profile = attest::Profile::evaluation,
                                        .ca_roots = {},
                                        .ek_roots = {},
                                        .nonce = evidence.nonce,
                                        .verifier = "me",
                                        .audience = {},
                                        .agent = {},
                                        .enrolment = {},
                                        .manifests = {},
                                        .accept_unproven_boot = false,
                                        .accept_claimed_hsm = false,
                                        .anchor_pcr = default_anchor_pcr};
    return *attest::verify_evidence(attest::pack(evidence), expected);
}

}  // namespace

TEST_CASE("evidence: a token's key beside a real chip's quote and register is accepted",
          "[integration][tpm][attest]") {
    NEEDS_SWTPM();
    MixedHost mixed;
    OPENED(mixed.host);
    REQUIRE(mixed.host.extend("launch"));
    const auto appraisal = appraised(mixed.evidence());
    CHECK(tests::failed(appraisal).empty());
    CHECK(appraisal.accepted());
    for (const char* rule : {"quote.signature", "quote.pcr_digest", "register.value",
                             "register.anchor", "possession.host", "clock.order"})
        CHECK_FALSE(tests::not_run(appraisal).contains(rule));
}

TEST_CASE("evidence: a real chip's statements cannot be taken away from a token's key",
          "[integration][tpm][attest]") {
    NEEDS_SWTPM();
    MixedHost mixed;
    OPENED(mixed.host);
    Evidence evidence = mixed.evidence();
    evidence.tpm.reset();
    evidence.boot_not_proven = true;
    const auto appraisal = appraised(evidence);
    CHECK(tests::failed(appraisal) == Rules{"possession.host", "register.format"});
    CHECK_FALSE(appraisal.accepted());
}
