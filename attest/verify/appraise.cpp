// verify_evidence: every statement of a piece of evidence, in the order of the sheet.
#include <optional>

#include "attest/evidence/challenge.h"
#include "attest/evidence/pack.h"
#include "attest/verify/boot.h"
#include "attest/verify/credential.h"
#include "attest/verify/ek.h"
#include "attest/verify/key.h"
#include "attest/verify/possession.h"
#include "attest/verify/register.h"
#include "attest/verify/rules.h"
#include "attest/verify/statements.h"

namespace holdfast::attest {
namespace {

void check_freshness(Sheet& sheet, const Evidence& evidence, const Expectations& expected) {
    if (expected.nonce) {
        sheet.check("evidence.nonce", evidence.nonce == *expected.nonce,
                    "exactly the nonce that was given");
    } else {
        sheet.skip("evidence.nonce", "no nonce was given: this may be a replay");
    }
    if (!expected.verifier) {
        sheet.skip("evidence.verifier", "no verifier id was given: this may be relayed");
        return;
    }
    sheet.require("evidence.verifier");
    sheet.check("evidence.verifier", evidence.verifier == *expected.verifier,
                "made for " + evidence.verifier);
}

// What the challenge and the register call the key, and what a credential must be for.
struct AgentKey {
    Bytes name;
    Bytes spki;
    std::optional<tpm2::Public> area;  // nothing outside a TPM
};

const KeyDescription& description_in(const Evidence& evidence) {
    return evidence.possession ? evidence.possession->key : evidence.tpm->key;
}

std::optional<Subject> check_agent(Sheet& sheet, const Evidence& evidence,
                                   const std::optional<AgentKey>& key,
                                   const Expectations& expected) {
    if (evidence.credential.empty()) {
        const std::string why = "the evidence carries no credential";
        if (expected.agent) {
            sheet.fail("credential.agent", why);
        }
        if (expected.profile == Profile::evaluation) sheet.waive_all("credential.", why);
        sheet.skip_all("credential.", why);
        sheet.skip("key.credential", why);
        return {};
    }
    auto subject = check_credential(sheet, evidence.credential, expected.now, expected);
    if (!subject || !key) return {};
    sheet.require("key.credential");
    bool matches = subject->leaf.spki == key->spki;
    if (subject->claims)
        matches =
            matches && subject->claims->fuse == to_string(description_in(evidence).agent_fuse.kind);
    sheet.check("key.credential", matches, "the credential is for this key with this fuse");
    return subject;
}

std::optional<AgentKey> check_key_area(Sheet& sheet, const KeyDescription& key) {
    auto area = tpm2::read_public(key.tpm_public);
    if (!area) {
        sheet.fail("key.public", area.error().text());
        return std::nullopt;
    }
    sheet.check("key.public", true, "a TPMT_PUBLIC and nothing else");
    check_key(sheet, key, *area);
    check_policy(sheet, key, *area);
    // Not as it is described: as its public area has it.
    return AgentKey{.name = area->name, .spki = area->spki, .area = *area};
}

std::optional<AgentKey> check_agent_key(Sheet& sheet, const Evidence& evidence) {
    if (!evidence.possession) {
        sheet.waive_all("possession.", "the key is in the TPM, which certifies it");
        return check_key_area(sheet, evidence.tpm->key);
    }
    const KeyDescription& key = evidence.possession->key;
    return AgentKey{.name = key_name_of(key), .spki = key.spki, .area = {}};
}

std::optional<Sha256> challenge_of(Sheet& sheet, const Evidence& evidence, const AgentKey& key) {
    const auto challenge = challenge_digest(Challenge{.nonce = evidence.nonce,
                                                      .verifier = evidence.verifier,
                                                      .key_name = key.name,
                                                      .credential = evidence.credential,
                                                      .ledger_head = evidence.ledger_head,
                                                      .register_events = evidence.register_events});
    if (challenge) return *challenge;
    sheet.fail("evidence.format", challenge.error().text());
    return std::nullopt;
}

std::optional<CertifiedLog> check_tpm(Sheet& sheet, const Evidence& evidence,
                                      const std::optional<AgentKey>& key,
                                      const std::optional<Sha256>& challenge,
                                      const Expectations& expected) {
    const TpmEvidence& tpm = *evidence.tpm;
    const auto ak = check_ak(sheet, tpm.ak_public);
    std::optional<CertifiedLog> log;
    if (ak && challenge)
        log = check_statements(sheet, evidence, *ak, key->area ? &*key->area : nullptr, *challenge,
                               expected);
    check_ek(sheet, tpm.ek_certificates, tpm.ek_public, expected);
    if (ak) check_enrolment(sheet, tpm, ak->key, expected);
    return log;
}

void check_custody_of(Sheet& sheet, const Evidence& evidence, const std::optional<Custody>& stated,
                      const std::optional<Subject>& subject, const Expectations& expected) {
    if (evidence.possession) return check_token_custody(sheet, stated, subject, expected);
    check_custody(sheet, *evidence.tpm, subject && subject->claims ? subject->claims->custody : "");
}

}  // namespace

Result<Appraisal> verify_evidence(std::string_view json, const Expectations& expected) {
    Sheet sheet({evidence_rules, credential_rules}, expected.profile);
    const auto evidence = unpack(json);
    if (!sheet.check("evidence.format", evidence ? done() : Done(Error(evidence.error())),
                     "a Holdfast evidence collection, every member known"))
        return std::move(sheet.appraisal());
    check_freshness(sheet, *evidence, expected);
    check_boot_stated(sheet, *evidence);
    const auto key = check_agent_key(sheet, *evidence);
    const auto subject = check_agent(sheet, *evidence, key, expected);
    std::optional<Sha256> challenge;
    if (key) challenge = challenge_of(sheet, *evidence, *key);
    std::optional<CertifiedLog> log;
    if (evidence->tpm) {
        log = check_tpm(sheet, *evidence, key, challenge, expected);
    } else {
        leave_boot_unproven(sheet, *evidence, expected);
    }
    std::optional<Custody> stated;
    if (evidence->possession && challenge)
        stated = check_possession(sheet, *evidence, *challenge, subject);
    check_launches(sheet, log, key ? key->name : Bytes(), subject, expected);
    check_custody_of(sheet, *evidence, stated, subject, expected);
    note_boot(sheet);
    return std::move(sheet.appraisal());
}

}  // namespace holdfast::attest
