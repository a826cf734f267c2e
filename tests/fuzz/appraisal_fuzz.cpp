// The verifier against somebody in the middle: good evidence and a good action are edited, and
// nothing that was changed is ever accepted; what is signed over an edit is accepted only if it
// still says what was asked for. The input is a list of edits, so that even one byte of it reaches
// the readers behind JSON, base64 and signatures.
#include <array>
#include <optional>

#include "attest/evidence/challenge.h"
#include "attest/evidence/pack.h"
#include "core/encode/base64.h"
#include "core/encode/jws.h"
#include "core/tpm2/structures.h"
#include "tests/fuzz/edits.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/software_attester.h"

using namespace holdfast;
using fuzz::Edit;
using fuzz::Place;
using fuzz::promise;
using tests::Part;
using tests::SoftwareAttester;

namespace {

// ── the good ones, made once ────────────────────────────────────────────────────────────────────

// The statements as the attestation key is about to sign them, for the input being run.
std::vector<Edit>& statement_edits() {
    static std::vector<Edit> edits;
    return edits;
}

const SoftwareAttester& host() {
    static const SoftwareAttester attester([] {
        tests::Bends bends;
        bends.bytes = [](Part part, Bytes& statement) {
            for (const Edit& edit : statement_edits())
                if (edit.which % 5U == static_cast<unsigned>(part)) apply(edit, statement);
        };
        return bends;
    }());
    return attester;
}

const Evidence& good_evidence() {
    static const Evidence evidence = host().evidence();
    return evidence;
}

const std::string& good_action() {
    static const std::string action = host().action(host().statement());
    return action;
}

const attest::Expectations& expectations() {
    static const auto expected = host().expectations(attest::Profile::production);
    return expected;
}

bool accepted(const Evidence& evidence) {
    const auto appraisal = attest::verify_evidence(attest::pack(evidence), expectations());
    promise(appraisal.has_value(), "evidence is appraised, whatever it is");
    return appraisal->accepted();
}

// ── evidence, edited on its way ─────────────────────────────────────────────────────────────────

// Everything in it that proves something. Labels are left out: ids, and the agent's short name.
std::array<Bytes*, 20> pieces_of(Evidence& evidence) {
    TpmEvidence& tpm = *evidence.tpm;
    return {&evidence.nonce,
            &evidence.credential.front(),
            &tpm.ek_certificates.front(),
            &tpm.ek_public,
            &tpm.ak_public,
            &tpm.quote.attest,
            &tpm.quote.signature,
            &tpm.key.spki,
            &tpm.key.tpm_public,
            &tpm.key.name,
            &tpm.key.agent_fuse.nv_public,
            &tpm.key.host_fuse.nv_public,
            &tpm.key_certified.attest,
            &tpm.key_certified.signature,
            &tpm.agent_fuse_certified.attest,
            &tpm.agent_fuse_certified.signature,
            &tpm.host_fuse_certified.signature,
            &tpm.event_register->nv_public,
            &tpm.event_register->certified.attest,
            &tpm.event_register->certified.signature};
}

// No edit of bytes makes a further record: that would need the record's digest.
void apply_to_log(const Edit& edit, Evidence& evidence) {
    std::string& log = evidence.tpm->event_register->log;
    Bytes bytes = bytes_of(view_of(log));
    apply(edit, bytes);
    log = text_of(bytes);
}

void flip_low_bit(std::uint8_t& number, unsigned bit) {
    number = static_cast<std::uint8_t>(number ^ (1U << bit));
}

// What is no byte string.
void apply_to_numbers(const Edit& edit, Evidence& evidence) {
    TpmEvidence& tpm = *evidence.tpm;
    const auto bit = std::uint64_t{1} << (edit.value % 64U);
    switch (edit.how % 10U) {
        case 0: tpm.pcrs[edit.value % 24U][edit.where % 32U] ^= 1; break;
        case 1: tpm.pcrs.erase(edit.value % 24U); break;
        case 2: tpm.key.agent_fuse.value ^= bit; break;
        case 3: tpm.key.host_fuse.value ^= bit; break;
        case 4: evidence.ledger_head.size ^= bit; break;
        case 5: evidence.ledger_head.root[edit.where % 32U] ^= 1; break;
        case 6: evidence.verifier.push_back('x'); break;
        case 7: evidence.register_events ^= bit; break;
        case 8: flip_low_bit(tpm.event_register->anchor_pcr, edit.value % 3U); break;
        default: tpm.key.agent_fuse.kind = static_cast<FuseKind>(edit.value % 4U); break;
    }
}

void check_evidence(const std::vector<Edit>& edits) {
    Evidence edited = good_evidence();
    for (const Edit& edit : edits) {
        if (edit.place != Place::evidence) continue;
        const auto pieces = pieces_of(edited);
        const std::size_t which = edit.which % (pieces.size() + 2);
        if (which == pieces.size()) {
            apply_to_numbers(edit, edited);
        } else if (which > pieces.size()) {
            apply_to_log(edit, edited);
        } else {
            apply(edit, *pieces[which]);
        }
    }
    static const std::string good = attest::pack(good_evidence());
    const bool changed = attest::pack(edited) != good;
    promise(accepted(edited) == !changed, "evidence is accepted as it was made, and not changed");
}

// ── evidence of a key in a token ────────────────────────────────────────────────────────────────

struct TokenHost {
    SoftwareAttester attester;
    Evidence good;
    std::string packed;
    attest::Expectations expected;

    explicit TokenHost(tests::Kind kind)
        : attester([=] {
              tests::Bends bends;
              bends.kind = kind;
              bends.claimed_custody = "hsm";
              if (kind == tests::Kind::without_tpm) bends.assurance = "observed";
              return bends;
          }()),
          good(attester.evidence()),
          packed(attest::pack(good)),
          expected(attester.expectations(attest::Profile::production)) {
        expected.accept_claimed_hsm = true;
        expected.accept_unproven_boot = true;  // also of a host with a TPM: that waives nothing
        if (kind == tests::Kind::mixed) return;
        expected.enrolment.reset();
        expected.manifests.reset();
    }
    bool accepts(const Evidence& evidence) const {
        const auto appraisal = attest::verify_evidence(attest::pack(evidence), expected);
        promise(appraisal.has_value(), "evidence is appraised, whatever it is");
        return appraisal->accepted();
    }
};

// What proves something of the key; and what an enemy would take away or turn round.
void apply_to_token(const Edit& edit, Evidence& evidence) {
    PossessionEvidence& shown = *evidence.possession;
    Bytes jws = bytes_of(view_of(shown.jws));
    switch (edit.which % 8U) {
        case 0: apply(edit, evidence.nonce); break;
        case 1: apply(edit, evidence.credential.front()); break;
        case 2: apply(edit, shown.key.spki); break;
        case 3: shown.key.algorithm = static_cast<KeyAlgorithm>(1 + edit.value % 7U); break;
        case 4: shown.key.custody = static_cast<Custody>(1 + edit.value % 6U); break;
        case 5: evidence.boot_not_proven = !evidence.boot_not_proven; break;
        case 6: evidence.tpm.reset(); break;
        default:
            apply(edit, jws);
            shown.jws = text_of(jws);
            break;
    }
}

void check_token(const std::vector<Edit>& edits, const TokenHost& host) {
    Evidence edited = host.good;
    for (const Edit& edit : edits)
        if (edit.place == Place::token) apply_to_token(edit, edited);
    promise(host.accepts(edited) == (attest::pack(edited) == host.packed),
            "evidence of a token's key is accepted as it was made, and not changed");
}

// ── statements, signed as edited ────────────────────────────────────────────────────────────────

void check_says_the_same(const Attested& attested, const Attested& good, const Sha256& challenge) {
    const auto is = tpm2::read_attest(attested.attest);
    const auto was = tpm2::read_attest(good.attest);
    promise(is && was && fuzz::same(is->extra_data, challenge) &&
                is->qualified_signer == was->qualified_signer &&
                is->what.index() == was->what.index(),
            "an accepted statement is of its kind, from this key, for this challenge");
}

// Made anew, evidence carries a certificate signed anew, and so another challenge.
Sha256 challenge_of(const Evidence& evidence) {
    return *attest::challenge_digest({.nonce = evidence.nonce,
                                      .verifier = evidence.verifier,
                                      .key_name = evidence.tpm->key.name,
                                      .credential = evidence.credential,
                                      .ledger_head = evidence.ledger_head,
                                      .register_events = evidence.register_events});
}

void check_statements(const std::vector<Edit>& edits) {
    for (const Edit& edit : edits)
        if (edit.place == Place::signed_statement) statement_edits().push_back(edit);
    const Evidence edited = host().evidence();
    statement_edits().clear();
    if (!accepted(edited)) return;
    const TpmEvidence& good = *good_evidence().tpm;
    const Sha256 challenge = challenge_of(edited);
    check_says_the_same(edited.tpm->quote, good.quote, challenge);
    check_says_the_same(edited.tpm->key_certified, good.key_certified, challenge);
    check_says_the_same(edited.tpm->agent_fuse_certified, good.agent_fuse_certified, challenge);
    check_says_the_same(edited.tpm->host_fuse_certified, good.host_fuse_certified, challenge);
    check_says_the_same(edited.tpm->event_register->certified, good.event_register->certified,
                        challenge);
}

// ── the action ──────────────────────────────────────────────────────────────────────────────────

std::string edited_action(const std::vector<Edit>& edits) {
    const std::string& text = good_action();
    const auto first = text.find('.');
    const auto last = text.rfind('.');
    std::array<Bytes, 3> parts = {*encode::from_base64url(text.substr(0, first)),
                                  *encode::from_base64url(text.substr(first + 1, last - first - 1)),
                                  *encode::from_base64url(text.substr(last + 1))};
    for (const Edit& edit : edits)
        if (edit.place == Place::action && edit.which % 4U < 3) apply(edit, parts[edit.which % 4U]);
    Bytes whole = bytes_of(view_of(encode::base64url(parts[0]) + "." + encode::base64url(parts[1]) +
                                   "." + encode::base64url(parts[2])));
    for (const Edit& edit : edits)
        if (edit.place == Place::action && edit.which % 4U == 3) apply(edit, whole);
    return std::string(text_of(whole));
}

void check_action(const std::vector<Edit>& edits) {
    const std::string text = edited_action(edits);
    const auto appraisal = attest::verify_action(text, expectations());
    promise(appraisal.has_value(), "an action is appraised, whatever it is");
    promise(appraisal->accepted() == (text == good_action()),
            "an action is accepted as it was signed, and not changed");
}

bool any(const std::vector<Edit>& edits, Place place) {
    return std::any_of(edits.begin(), edits.end(),
                       [&](const Edit& edit) { return edit.place == place; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const bool good = accepted(good_evidence());
    promise(good, "evidence is accepted before it is edited");
    const auto edits = fuzz::edits_from(fuzz::Pieces({data, size}));
    if (any(edits, Place::evidence)) check_evidence(edits);
    if (any(edits, Place::signed_statement)) check_statements(edits);
    if (edits.empty() || any(edits, Place::action)) check_action(edits);
    static const TokenHost mixed(tests::Kind::mixed);
    static const TokenHost without(tests::Kind::without_tpm);
    if (edits.empty() || any(edits, Place::token)) check_token(edits, mixed);
    if (edits.empty() || any(edits, Place::token)) check_token(edits, without);
    return 0;
}
