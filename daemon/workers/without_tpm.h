// What a keys worker without a TPM answers where another would ask the chip.
#ifndef HOLDFAST_DAEMON_WORKERS_WITHOUT_TPM_H
#define HOLDFAST_DAEMON_WORKERS_WITHOUT_TPM_H

#include <string>
#include <string_view>
#include <utility>

#include "hsm/anchor_keeper.h"
#include "hsm/quoter.h"
#include "hsm/registrar.h"

namespace holdfast::daemon {

inline Error no_tpm() {
    return Error(Code::conflict, "keys in a PKCS#11 token: there is no TPM to ask here")
        .because("no_tpm");
}

class QuoterWithoutTpm final : public hsm::Quoter {
  public:
    explicit QuoterWithoutTpm(std::string manufacturer) : manufacturer_(std::move(manufacturer)) {}

    // The token's manufacturer, and no keys of a chip.
    Result<hsm::Endorsement> endorsement() override {
        hsm::Endorsement nothing;
        nothing.manufacturer = manufacturer_;
        return nothing;
    }
    Result<TpmEvidence> attest(std::string_view, const Sha256&) override { return no_tpm(); }
    Result<SecretBytes> activate(ByteView, ByteView) override { return no_tpm(); }

  private:
    std::string manufacturer_;
};

class RegistrarWithoutTpm final : public hsm::Registrar {
  public:
    Result<RegisterPosition> extend(std::string_view) override { return no_tpm(); }
    RegisterStatus status() const override {
        RegisterStatus absent;
        absent.reason = no_tpm().text();
        return absent;
    }
};

class AnchorWithoutTpm final : public hsm::AnchorKeeper {
  public:
    Result<AnchorReading> read() override { return no_tpm(); }
    Result<AnchorReading> advance(std::uint64_t) override { return no_tpm(); }
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_WORKERS_WITHOUT_TPM_H
