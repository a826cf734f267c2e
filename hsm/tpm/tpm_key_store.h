// TpmKeyStore: the KeyStore whose keys live in a TPM.
#ifndef HOLDFAST_HSM_TPM_TPM_KEY_STORE_H
#define HOLDFAST_HSM_TPM_TPM_KEY_STORE_H

#include <string>
#include <string_view>
#include <vector>

#include "hsm/key_store.h"
#include "hsm/tpm/connection.h"
#include "hsm/tpm/fuses.h"
#include "hsm/tpm/key_shelf.h"
#include "hsm/tpm/policy_session.h"
#include "hsm/tpm/roots.h"

namespace holdfast::hsm {

class TpmKeyStore final : public KeyStore {
  public:
    TpmKeyStore(Connection& tpm, PolicySession& session, KeyShelf& shelf, Roots& roots,
                Fuses& fuses, std::vector<KeyAlgorithm> algorithms) noexcept
        : tpm_(&tpm),
          session_(&session),
          shelf_(&shelf),
          roots_(&roots),
          fuses_(&fuses),
          algorithms_(std::move(algorithms)) {}

    Custody custody() const override { return tpm_->custody(); }
    std::vector<KeyAlgorithm> algorithms() const override { return algorithms_; }
    Result<KeyDescription> create(const NewKey& wanted) override;
    Result<KeyDescription> describe(std::string_view key_id) override;
    Result<std::vector<KeyDescription>> list() override;
    Result<Bytes> sign(std::string_view key_id, ByteView preimage) override;
    Done blow_fuse(std::string_view key_id) override;
    Done blow_host_fuse() override;
    Result<FuseState> fuse_state(std::string_view key_id) override;
    Done destroy(std::string_view key_id) override;
    Done flush_sessions() override;
    void rest() override { session_->end(); }

  private:
    Done check_wanted(const NewKey& wanted) const;
    Result<KeyRecord> plan(const NewKey& wanted);
    Done make_fuses(KeyRecord& record);
    Done make_own_fuse(KeyRecord& record);
    Done make(KeyRecord& record, KeyAlgorithm algorithm);
    Done prove(const KeyRecord& record, const KeyAreas& areas);
    Result<KeyDescription> describe_ak() const;
    Result<Bytes> sign_once(const StoredKey& key, const ToSign& what);
    Result<Bytes> signature(const StoredKey& key, ByteView preimage);
    Result<FuseState> state_of(const StoredKey& key);
    Done spend(const StoredKey& key);
    Done end_sessions();

    Connection* tpm_;
    PolicySession* session_;
    KeyShelf* shelf_;
    Roots* roots_;
    Fuses* fuses_;
    std::vector<KeyAlgorithm> algorithms_;
};

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_TPM_TPM_KEY_STORE_H
