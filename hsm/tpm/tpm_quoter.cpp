#include "hsm/tpm/tpm_quoter.h"

#include <chrono>
#include <utility>
#include <variant>

#include "core/crypto/digest.h"
#include "core/tpm2/structures.h"
#include "hsm/tpm/attest_commands.h"
#include "hsm/tpm/marshal.h"

namespace holdfast::hsm {
namespace {

using namespace std::chrono_literals;

constexpr auto quote_time = 4500ms;
constexpr auto endorsement_time = 50s;  // an RSA EK may take a chip many seconds to make

constexpr std::string_view disturbed = "tpm_changed_meanwhile";

Error changed(const char* what) {
    return Error(Code::unavailable, std::string("attest: ") + what, Retry::later)
        .because(std::string(disturbed));
}

// The values we read must be those the quote is over: a PCR may be extended in between.
Done check_pcrs(const PcrValues& values, const tpm2::Attest& quote) {
    const auto* info = std::get_if<tpm2::QuoteInfo>(&quote.what);
    if (info == nullptr) return Error(Code::internal, "attest: the TPM's quote is no quote");
    crypto::Sha256Stream all;
    for (const auto& [pcr, value] : values)
        all.update(value);
    const Sha256 digest = all.finish();
    if (!crypto::equal_in_constant_time(digest, info->pcr_digest))
        return changed("a PCR changed while it was quoted");
    return done();
}

// All statements are of one boot, or none of them is worth anything.
Done check_same_boot(const TpmEvidence& evidence, const tpm2::Attest& quote) {
    const Attested none;
    const auto& shown = evidence.event_register;
    for (const Attested* part :
         {&evidence.key_certified, &evidence.agent_fuse_certified, &evidence.host_fuse_certified,
          shown ? &shown->certified : &none}) {
        if (part->attest.empty()) continue;
        HOLDFAST_TRY(statement, tpm2::read_attest(part->attest));
        if (statement.reset_count != quote.reset_count ||
            statement.restart_count != quote.restart_count)
            return changed("the TPM was reset meanwhile");
    }
    return done();
}

Done check_consistent(const TpmEvidence& evidence) {
    HOLDFAST_TRY(quote, tpm2::read_attest(evidence.quote.attest));
    HOLDFAST_CHECK(check_pcrs(evidence.pcrs, quote));
    return check_same_boot(evidence, quote);
}

}  // namespace

Result<const EndorsementKey*> TpmQuoter::endorsement_key() {
    if (!endorsement_key_) {
        HOLDFAST_TRY(found, find_endorsement_key(*tpm_, ek_certificate_dir_));
        endorsement_key_ = std::move(found);
    }
    return &*endorsement_key_;
}

Result<Endorsement> TpmQuoter::endorsement() {
    tpm_->allow(endorsement_time);
    HOLDFAST_TRY(ek, endorsement_key());
    Endorsement endorsement;
    HOLDFAST_TRY(ek_public, marshalled<::Tss2_MU_TPMT_PUBLIC_Marshal>(ek->area));
    endorsement.certificates = ek->certificates;
    endorsement.ek_public = std::move(ek_public);
    endorsement.ak_public = roots_->ak_public();
    endorsement.manufacturer = tpm_->manufacturer();
    return endorsement;
}

Result<Attested> TpmQuoter::certify_fuse(ESYS_TR ak, const Fuse& fuse, ByteView own_auth,
                                         const Sha256& challenge) {
    if (fuse.nv_public.empty()) return Attested();
    HOLDFAST_TRY(term, fuses_->term(fuse, own_auth));
    auto certified = certify_nv(*tpm_, ak, {.index = term.index, .auth = term.auth}, challenge);
    if (!certified && (is(certified.error(), gone) || is(certified.error(), wrong_secret)))
        return Error(Code::denied, "the key's fuse is gone or replaced")
            .because(std::string(fuse_blown));
    return certified;
}

Done TpmQuoter::certify(const StoredKey& key, ESYS_TR ak, const Sha256& challenge,
                        TpmEvidence& evidence) {
    HOLDFAST_TRY(handle, shelf_->use(key));
    HOLDFAST_TRY(key_certified, certify_key(*tpm_, handle, ak, challenge));
    HOLDFAST_TRY(agent_fuse, certify_fuse(ak, key.record.agent_fuse,
                                          key.record.agent_fuse_auth.view(), challenge));
    HOLDFAST_TRY(host_fuse, certify_fuse(ak, key.record.host_fuse, {}, challenge));
    evidence.key = key.description;
    evidence.key_certified = std::move(key_certified);
    evidence.agent_fuse_certified = std::move(agent_fuse);
    evidence.host_fuse_certified = std::move(host_fuse);
    return done();
}

Result<TpmEvidence> TpmQuoter::attest_once(const StoredKey* key, const Sha256& challenge) {
    HOLDFAST_TRY(ak, roots_->use_ak());
    TpmEvidence evidence;
    if (key != nullptr) HOLDFAST_CHECK(certify(*key, ak, challenge, evidence));
    HOLDFAST_TRY(event_register, register_->certified(ak, challenge));
    const PcrMask wanted =
        boot_pcrs | (event_register ? pcr_bit(event_register->anchor_pcr) : PcrMask{0});
    HOLDFAST_TRY(pcrs, read_pcrs(*tpm_, wanted));
    HOLDFAST_TRY(quote, quote_pcrs(*tpm_, ak, wanted, challenge));
    evidence.pcrs = std::move(pcrs);
    evidence.quote = std::move(quote);
    evidence.event_register = std::move(event_register);
    HOLDFAST_CHECK(check_consistent(evidence));
    return evidence;
}

Result<TpmEvidence> TpmQuoter::attest(std::string_view key_id, const Sha256& challenge) {
    HOLDFAST_TRY(host, endorsement());
    tpm_->allow(quote_time);
    const StoredKey* key = nullptr;
    if (!key_id.empty()) {
        HOLDFAST_TRY(found, shelf_->find(key_id));
        key = found;
    }
    const auto attest_this = [&] { return attest_once(key, challenge); };
    auto evidence = shelf_->with_keys<TpmEvidence>(attest_this);
    if (!evidence && is(evidence.error(), disturbed))
        evidence = shelf_->with_keys<TpmEvidence>(attest_this);
    if (!evidence) return std::move(evidence).error().within("attest");
    evidence->ek_certificates = std::move(host.certificates);
    evidence->ek_public = std::move(host.ek_public);
    evidence->ak_public = std::move(host.ak_public);
    return evidence;
}

Result<SecretBytes> TpmQuoter::activate(ByteView blob, ByteView secret) {
    tpm_->allow(endorsement_time);
    HOLDFAST_TRY(ek, endorsement_key());
    return shelf_->with_keys<SecretBytes>([&]() -> Result<SecretBytes> {
        HOLDFAST_TRY(ak, roots_->use_ak());
        shelf_->leave_only_latest();
        HOLDFAST_TRY(primary, create_primary(*tpm_, ESYS_TR_RH_ENDORSEMENT, ek->made_from));
        return activate_credential(*tpm_, ak, primary.handle(), ek->area, blob, secret);
    });
}

}  // namespace holdfast::hsm
