// verify_evidence: every statement of a piece of evidence, in the order of the sheet.
#include <array>
#include <optional>

#include "attest/evidence/challenge.h"
#include "attest/evidence/pack.h"
#include "attest/verify/credential.h"
#include "attest/verify/ek.h"
#include "attest/verify/key.h"
#include "attest/verify/quote.h"
#include "attest/verify/register.h"
#include "attest/verify/rules.h"

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

std::optional<Subject> check_agent(Sheet& sheet, const Evidence& evidence, const tpm2::Public* key,
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
    if (!subject || key == nullptr) return {};
    sheet.require("key.credential");
    bool matches = subject->leaf.spki == key->spki;
    if (subject->claims)
        matches = matches && subject->claims->fuse == to_string(evidence.tpm.key.agent_fuse.kind);
    sheet.check("key.credential", matches, "the credential is for this key with this fuse");
    return subject;
}

// All statements of one boot, in the order they were made.
class Clock {
  public:
    void add(const tpm2::Attest& attest) {
        if (last_) {
            same_ = same_ && last_->reset_count == attest.reset_count &&
                    last_->restart_count == attest.restart_count;
            ordered_ = ordered_ && last_->clock <= attest.clock;
        }
        last_ = attest;
        ++count_;
    }
    void check(Sheet& sheet) const {
        if (count_ < 2) return;
        sheet.check("clock.same_boot", same_, "resetCount and restartCount are the same in all");
        sheet.check("clock.order", ordered_, "the TPM's clock never goes back between them");
    }

  private:
    std::optional<tpm2::Attest> last_;
    std::size_t count_ = 0;
    bool same_ = true;
    bool ordered_ = true;
};

class Statements {
  public:
    Statements(Sheet& sheet, const Signer& ak, const Sha256& challenge)
        : sheet_(sheet), ak_(ak), challenge_(challenge) {}

    void quote(const TpmEvidence& tpm) {
        const auto attest = read("quote", tpm.quote);
        if (attest) check_quote(sheet_, *attest, tpm);
    }

    void key(const TpmEvidence& tpm, const tpm2::Public& area) {
        const auto attest = read("key", tpm.key_certified);
        if (!attest) return;
        const auto* certified = as<tpm2::CertifyInfo>(sheet_, "key", *attest);
        if (certified == nullptr) return;
        sheet_.check("key.name", certified->name == area.name,
                     "the Name certified is that of the public area");
    }

    void fuse(const std::string& rule, const Fuse& fuse, const Attested& attested) {
        check_fuse_index(sheet_, rule, fuse);
        const auto attest = read(rule, attested);
        if (!attest) return;
        const auto* certified = as<tpm2::NvCertifyInfo>(sheet_, rule, *attest);
        if (certified != nullptr) check_fuse_value(sheet_, rule, fuse, *certified);
    }

    std::optional<CertifiedLog> event_register(const Evidence& evidence,
                                               const Expectations& expected) {
        require_register(sheet_, evidence);
        if (!evidence.tpm.event_register) return std::nullopt;
        const auto attest = read("register", evidence.tpm.event_register->certified);
        return check_register(sheet_, evidence, attest, expected);
    }

    void finish() const { clock_.check(sheet_); }

  private:
    std::optional<tpm2::Attest> read(const std::string& rule, const Attested& attested) {
        auto attest = check_statement(sheet_, rule, attested, ak_, challenge_);
        if (attest) clock_.add(*attest);
        return attest;
    }

    Sheet& sheet_;
    const Signer& ak_;
    const Sha256& challenge_;
    Clock clock_;
};

std::optional<tpm2::Public> check_key_area(Sheet& sheet, const KeyDescription& key) {
    auto area = tpm2::read_public(key.tpm_public);
    if (!area) {
        sheet.fail("key.public", area.error().text());
        return std::nullopt;
    }
    sheet.check("key.public", true, "a TPMT_PUBLIC and nothing else");
    check_key(sheet, key, *area);
    check_policy(sheet, key, *area);
    return *std::move(area);
}

std::optional<CertifiedLog> check_statements(Sheet& sheet, const Evidence& evidence,
                                             const Signer& ak, const tpm2::Public& area,
                                             const Expectations& expected) {
    const TpmEvidence& tpm = evidence.tpm;
    const auto challenge = challenge_digest(Challenge{.nonce = evidence.nonce,
                                                      .verifier = evidence.verifier,
                                                      .key_name = area.name,
                                                      .credential = evidence.credential,
                                                      .ledger_head = evidence.ledger_head,
                                                      .register_events = evidence.register_events});
    if (!challenge) {
        sheet.fail("evidence.format", challenge.error().text());
        return std::nullopt;
    }
    Statements statements(sheet, ak, *challenge);
    // In the order a host makes them, the quote last: clock.order holds them to it.
    statements.key(tpm, area);
    if (has_own_fuse(tpm.key)) {
        statements.fuse("fuse.agent", tpm.key.agent_fuse, tpm.agent_fuse_certified);
    } else {
        sheet.waive_all("fuse.agent.", "the chip had no room: only the host fuse guards this key");
    }
    statements.fuse("fuse.host", tpm.key.host_fuse, tpm.host_fuse_certified);
    auto log = statements.event_register(evidence, expected);
    statements.quote(tpm);
    statements.finish();
    return log;
}

}  // namespace

Result<Appraisal> verify_evidence(std::string_view json, const Expectations& expected) {
    Sheet sheet({evidence_rules, credential_rules}, expected.profile);
    const auto evidence = unpack(json);
    if (!sheet.check("evidence.format", evidence ? done() : Done(Error(evidence.error())),
                     "a Holdfast evidence collection, every member known"))
        return std::move(sheet.appraisal());
    check_freshness(sheet, *evidence, expected);
    const TpmEvidence& tpm = evidence->tpm;
    const auto ak = check_ak(sheet, tpm.ak_public);
    const auto area = check_key_area(sheet, tpm.key);
    std::optional<CertifiedLog> log;
    if (ak && area) log = check_statements(sheet, *evidence, *ak, *area, expected);
    check_ek(sheet, tpm.ek_certificates, tpm.ek_public, expected);
    if (ak) check_enrolment(sheet, tpm, ak->key, expected);
    const auto subject = check_agent(sheet, *evidence, area ? &*area : nullptr, expected);
    check_launches(sheet, log, area ? area->name : Bytes(), subject, expected);
    check_custody(sheet, tpm, subject && subject->claims ? subject->claims->custody : "");
    return std::move(sheet.appraisal());
}

}  // namespace holdfast::attest
