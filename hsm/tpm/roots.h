// Roots: what our keys hang from: the storage root key (SRK) and the attestation key (AK).
#ifndef HOLDFAST_HSM_TPM_ROOTS_H
#define HOLDFAST_HSM_TPM_ROOTS_H

#include <tss2/tss2_esys.h>

#include "holdfast/bytes.h"
#include "holdfast/result.h"
#include "hsm/key_files.h"
#include "hsm/tpm/connection.h"
#include "hsm/tpm/handles.h"

namespace holdfast::hsm {

class Roots {
  public:
    // Finds or makes both. denied with reason other_tpm when the SRK is not the one keys/ knows.
    static Result<Roots> open(Connection& tpm, KeyFiles& files, LoadedKeys& loaded);

    ESYS_TR srk() const noexcept { return srk_.handle(); }
    const Bytes& srk_name() const noexcept { return srk_name_; }
    const Bytes& ak_public() const noexcept { return ak_public_; }  // TPMT_PUBLIC

    // Loads the AK, or makes it again from its template: the same key each time.
    Result<ESYS_TR> use_ak();

  private:
    Roots(Connection& tpm, LoadedKeys& loaded, Lasting srk, Bytes srk_name)
        : tpm_(&tpm), loaded_(&loaded), srk_(std::move(srk)), srk_name_(std::move(srk_name)) {}

    Connection* tpm_;
    LoadedKeys* loaded_;
    Lasting srk_;
    Bytes srk_name_;
    Bytes ak_public_;
};

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_TPM_ROOTS_H
