#include "hsm/tpm/policy_session.h"

#include <tss2/tss2_sys.h>

#include <utility>

#include "core/crypto/digest.h"
#include "hsm/tpm/marshal.h"

namespace holdfast::hsm {
namespace {

constexpr std::size_t policy_nonce = 16;  // the least StartAuthSession takes (Part 3, 11.1)

}  // namespace

Result<TPMI_SH_AUTH_SESSION> PolicySession::use() {
    if (is_open()) return handle_;
    HOLDFAST_TRY(nonce, crypto::random_bytes(policy_nonce));
    HOLDFAST_TRY(caller, sized<TPM2B_NONCE>(nonce));
    TPM2B_ENCRYPTED_SECRET no_salt{};
    TPMT_SYM_DEF no_encryption{};
    no_encryption.algorithm = TPM2_ALG_NULL;
    TPM2B_NONCE answered{};
    TPMI_SH_AUTH_SESSION handle = 0;
    HOLDFAST_CHECK(tpm_->run("Tss2_Sys_StartAuthSession", [&] {
        return ::Tss2_Sys_StartAuthSession(tpm_->sys(), TPM2_RH_NULL, TPM2_RH_NULL, nullptr,
                                           &caller, &no_salt, TPM2_SE_POLICY, &no_encryption,
                                           TPM2_ALG_SHA256, &handle, &answered, nullptr);
    }));
    handle_ = handle;
    return handle_;
}

// One that the chip has forgotten cannot be flushed, which is as good.
void PolicySession::end() noexcept {
    if (!is_open()) return;
    (void)::Tss2_Sys_FlushContext(tpm_->sys(), std::exchange(handle_, 0));
}

}  // namespace holdfast::hsm
