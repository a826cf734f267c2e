// RoutedKeys: Keys over the workers this host has: its TPM's, its token's, or both.
#ifndef HOLDFAST_DAEMON_LINK_ROUTED_KEYS_H
#define HOLDFAST_DAEMON_LINK_ROUTED_KEYS_H

#include "daemon/config.h"
#include "daemon/link/keys.h"

namespace holdfast::daemon {

// Which keeper a call goes to follows from the key's id alone. The register, attestation and the
// endorsement key are the TPM's; a host without one has no register, and says so.
class RoutedKeys final : public Keys {
  public:
    struct Keepers {
        Keys* tpm;          // null: [tpm] tcti = none
        Keys* pkcs11;       // null: no [pkcs11] module
        Backend host_keys;  // where the CA's and the ledger's key live
    };
    explicit RoutedKeys(Keepers keepers) : keepers_(keepers) {}
    static Keepers keepers_of(const Settings& settings, Keys& tpm, Keys& pkcs11);

    Done available(std::string_view key_id) const override;
    Async<HostIdentity> host() override;
    Async<HostIdentity> host_of(Backend backend) override;
    Async<KeyDescription> create(CreateRequest wanted) override;
    Async<std::vector<KeyDescription>> list() override;
    Async<Bytes> sign_for(std::string charged, std::string key_id, Bytes preimage) override;
    Async<std::monostate> blow_fuse(std::string key_id) override;
    // Both keepers are told, whatever the first one answers.
    Async<std::monostate> blow_host_fuse() override;
    Async<std::monostate> destroy(std::string key_id) override;
    Async<TpmEvidence> attest_for(std::string charged, std::string key_id,
                                  Sha256 challenge) override;
    Async<Bytes> activate(Bytes blob, Bytes secret) override;
    Async<RegisterPosition> extend_register(std::string canonical_json_content) override;
    Async<RegisterStatus> register_log() override;
    Async<AnchorReading> read_anchor() override;
    Async<AnchorReading> advance_anchor(std::uint64_t to) override;
    Async<std::monostate> flush_sessions() override;

  private:
    Result<Keys*> keeper(Backend backend) const;
    Result<Keys*> keeper_of(std::string_view key_id) const;
    std::vector<Keys*> all() const;

    Keepers keepers_;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LINK_ROUTED_KEYS_H
