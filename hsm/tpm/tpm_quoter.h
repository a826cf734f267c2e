// TpmQuoter: the Quoter of a TPM.
#ifndef HOLDFAST_HSM_TPM_TPM_QUOTER_H
#define HOLDFAST_HSM_TPM_TPM_QUOTER_H

#include <optional>
#include <string>
#include <string_view>

#include "hsm/quoter.h"
#include "hsm/tpm/connection.h"
#include "hsm/tpm/endorsement_key.h"
#include "hsm/tpm/fuses.h"
#include "hsm/tpm/key_shelf.h"
#include "hsm/tpm/register.h"
#include "hsm/tpm/roots.h"

namespace holdfast::hsm {

class TpmQuoter final : public Quoter {
  public:
    TpmQuoter(Connection& tpm, KeyShelf& shelf, Roots& roots, Fuses& fuses,
              Register& event_register, std::string ek_certificate_dir)
        : tpm_(&tpm),
          shelf_(&shelf),
          roots_(&roots),
          fuses_(&fuses),
          register_(&event_register),
          ek_certificate_dir_(std::move(ek_certificate_dir)) {}

    Result<Endorsement> endorsement() override;
    Result<TpmEvidence> attest(std::string_view key_id, const Sha256& challenge) override;
    Result<SecretBytes> activate(ByteView blob, ByteView secret) override;

  private:
    Result<const EndorsementKey*> endorsement_key();
    Result<TpmEvidence> attest_once(const StoredKey* key, const Sha256& challenge);
    Done certify(const StoredKey& key, ESYS_TR ak, const Sha256& challenge, TpmEvidence& evidence);
    Result<Attested> certify_fuse(ESYS_TR ak, const Fuse& fuse, ByteView own_auth,
                                  const Sha256& challenge);

    Connection* tpm_;
    KeyShelf* shelf_;
    Roots* roots_;
    Fuses* fuses_;
    Register* register_;
    std::string ek_certificate_dir_;
    std::optional<EndorsementKey> endorsement_key_;
};

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_TPM_TPM_QUOTER_H
