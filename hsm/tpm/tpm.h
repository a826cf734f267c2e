// Tpm: one connection to one TPM, with the key store and the quoter that share it. The only header
// of this folder that other folders include.
#ifndef HOLDFAST_HSM_TPM_TPM_H
#define HOLDFAST_HSM_TPM_TPM_H

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "holdfast/custody.h"
#include "holdfast/result.h"
#include "hsm/anchor_keeper.h"
#include "hsm/key_store.h"
#include "hsm/quoter.h"
#include "hsm/registrar.h"

namespace holdfast::hsm {

// An Error with this reason means the context is dead for good (a TCTI I/O error): the process must
// end and be started again. Outcomes are then unknown: signing again is safe.
inline constexpr const char* connection_lost = "tpm_connection_lost";

struct TpmOptions {
    std::string tcti;        // "device:/dev/tpmrm0", "swtpm:path=/run/x/sock"; empty is refused
    bool simulator_allowed;  // else a simulator, by TCTI or by manufacturer, is refused
    std::uint32_t nv_base;   // first NV index of our own, e.g. 0x01800100: host fuse, bank, agents
    std::string keys_dir;    // made 0700 when missing; belongs to this process alone
    std::string owner_auth_file;        // the whole file is the auth value; empty name = empty auth
    std::string endorsement_auth_file;  // likewise
    std::string ek_certificate_dir;     // *.der, *.crt, *.pem beside what NV holds; empty = NV only
    std::uint8_t anchor_pcr;            // of the register: 8 to 15
};

// Single-threaded, blocking: what the keys worker runs. Every verb gives up a little before the
// link's deadline for it (sign 3 s, quote 5 s, NV 15 s, create 60 s), unless the chip itself hangs.
class Tpm {
  public:
    // Opens, finds or makes SRK, host fuse and AK, and cleans up what a crash left half made.
    // denied: a simulator without leave, or keys_dir belongs to another TPM.
    static Result<std::unique_ptr<Tpm>> open(const TpmOptions& options);

    Tpm(const Tpm&) = delete;
    Tpm& operator=(const Tpm&) = delete;
    ~Tpm();

    KeyStore& keys() noexcept;
    Quoter& quoter() noexcept;
    Registrar& registrar() noexcept;
    AnchorKeeper& anchor() noexcept;
    Custody custody() const noexcept;
    const std::string& manufacturer() const noexcept;  // TPM_PT_MANUFACTURER, e.g. "IBM "

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;

  public:
    explicit Tpm(std::unique_ptr<Parts> parts);  // by open() alone: nobody else can name Parts
};

// What a TPM is and could make keys for, without making any: for `holdfast doctor`.
struct TpmDescription {
    std::string manufacturer;
    Custody custody = Custody::unproven;
    std::vector<KeyAlgorithm> algorithms;
};
Result<TpmDescription> describe_tpm(const TpmOptions& options);

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_TPM_TPM_H
