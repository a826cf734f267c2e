#include "attest/verify/statements.h"

#include "attest/verify/key.h"

namespace holdfast::attest {
namespace {

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
        if (count_ < 2) {
            sheet.skip_all("clock.", "fewer than two statements");
            return;
        }
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

    void fuses(const TpmEvidence& tpm) {
        if (has_own_fuse(tpm.key)) {
            fuse("fuse.agent", tpm.key.agent_fuse, tpm.agent_fuse_certified);
        } else {
            sheet_.waive_all("fuse.agent.",
                             "the chip had no room: only the host fuse guards this key");
        }
        fuse("fuse.host", tpm.key.host_fuse, tpm.host_fuse_certified);
    }

    std::optional<CertifiedLog> event_register(const Evidence& evidence,
                                               const Expectations& expected) {
        require_register(sheet_, evidence);
        if (!evidence.tpm->event_register) return std::nullopt;
        const auto attest = read("register", evidence.tpm->event_register->certified);
        return check_register(sheet_, evidence, attest, expected);
    }

    void finish() const { clock_.check(sheet_); }

  private:
    void fuse(const std::string& rule, const Fuse& fuse, const Attested& attested) {
        check_fuse_index(sheet_, rule, fuse);
        const auto attest = read(rule, attested);
        if (!attest) return;
        const auto* certified = as<tpm2::NvCertifyInfo>(sheet_, rule, *attest);
        if (certified != nullptr) check_fuse_value(sheet_, rule, fuse, *certified);
    }

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

}  // namespace

std::optional<CertifiedLog> check_statements(Sheet& sheet, const Evidence& evidence,
                                             const Signer& ak, const tpm2::Public* key,
                                             const Sha256& challenge,
                                             const Expectations& expected) {
    const TpmEvidence& tpm = *evidence.tpm;
    Statements statements(sheet, ak, challenge);
    // In the order a host makes them, the quote last: clock.order holds them to it.
    if (key != nullptr) {
        statements.key(tpm, *key);
        statements.fuses(tpm);
    }
    auto log = statements.event_register(evidence, expected);
    statements.quote(tpm);
    // A quote alone has nothing to be compared with.
    if (key == nullptr && !tpm.event_register)
        sheet.waive_all("clock.", "the quote is the only statement");
    statements.finish();
    return log;
}

}  // namespace holdfast::attest
