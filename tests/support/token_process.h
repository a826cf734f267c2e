// TokenProcess: the keys worker of a PKCS#11 token, on a SoftHSM token of its own.
#ifndef HOLDFAST_TESTS_SUPPORT_TOKEN_PROCESS_H
#define HOLDFAST_TESTS_SUPPORT_TOKEN_PROCESS_H

#include <fcntl.h>

#include "tests/support/softhsm.h"
#include "tests/support/worker_process.h"

namespace holdfast::tests {

class TokenProcess final : public WorkerProcess {
  public:
    explicit TokenProcess(SoftToken& soft)
        : WorkerProcess(TOKEN_PROGRAM, daemon::WorkerKind::keys_pkcs11), soft_(&soft) {
        settings.host_keys = "pkcs11";
        settings.pkcs11_module = softhsm_module;
        settings.pkcs11_token = "pkcs11:token=agents";
        settings.pkcs11_environment = "SOFTHSM2_CONF=" + soft.config();
        settings.pkcs11_software_allowed = true;
    }

    // With the PIN file as it is now.
    void start() {
        if (!hands_over_pin) return WorkerProcess::start();
        const Descriptor pin(::open(soft_->pin_file().c_str(), O_RDONLY | O_CLOEXEC));
        WorkerProcess::start({{daemon::pin_descriptor, pin.get()}});
    }

    bool hands_over_pin = true;

  private:
    SoftToken* soft_;
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_TOKEN_PROCESS_H
