// PolicySession: the one policy session that signatures following each other share.
#ifndef HOLDFAST_HSM_TPM_POLICY_SESSION_H
#define HOLDFAST_HSM_TPM_POLICY_SESSION_H

#include <tss2/tss2_tpm2_types.h>

#include "holdfast/result.h"
#include "hsm/tpm/connection.h"

namespace holdfast::hsm {

// Every use resets it in the chip (continueSession, TPM 2.0 Part 3, 23.2.4), so between signatures
// nothing in it is satisfied: kept, it saves one chip command of four, it authorises nothing. It
// ends with the first failure, before any verb that is not a signature, and when nobody has asked
// for a while, so that at rest we hold no session.
class PolicySession {
  public:
    explicit PolicySession(Connection& tpm) noexcept : tpm_(&tpm) {}
    PolicySession(const PolicySession&) = delete;
    PolicySession& operator=(const PolicySession&) = delete;
    ~PolicySession() { end(); }

    // Begins it where there is none.
    Result<TPMI_SH_AUTH_SESSION> use();
    bool is_open() const noexcept { return handle_ != 0; }
    void end() noexcept;

  private:
    Connection* tpm_;
    TPMI_SH_AUTH_SESSION handle_ = 0;
};

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_TPM_POLICY_SESSION_H
