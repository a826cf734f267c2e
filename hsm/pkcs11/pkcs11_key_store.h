// Pkcs11KeyStore: the KeyStore whose keys live in a token.
#ifndef HOLDFAST_HSM_PKCS11_PKCS11_KEY_STORE_H
#define HOLDFAST_HSM_PKCS11_PKCS11_KEY_STORE_H

#include <string>
#include <string_view>
#include <vector>

#include "hsm/key_store.h"
#include "hsm/pkcs11/libp11_keys.h"
#include "hsm/pkcs11/session.h"
#include "hsm/pkcs11/signer.h"
#include "hsm/pkcs11/token_keys.h"

namespace holdfast::hsm::pkcs11 {

class Pkcs11KeyStore final : public KeyStore {
  public:
    struct About {
        std::string serial;
        Custody custody;  // hsm or software_hsm
        std::vector<KeyAlgorithm> algorithms;
    };
    Pkcs11KeyStore(Session& session, TokenKeys& keys, Libp11Keys& libp11, About about) noexcept
        : session_(&session), keys_(&keys), libp11_(&libp11), about_(std::move(about)) {}

    Custody custody() const override { return about_.custody; }
    std::vector<KeyAlgorithm> algorithms() const override { return about_.algorithms; }
    Result<KeyDescription> create(const NewKey& wanted) override;
    Result<KeyDescription> describe(std::string_view key_id) override;
    Result<std::vector<KeyDescription>> list() override;
    Result<Bytes> sign(std::string_view key_id, ByteView preimage) override;
    Done blow_fuse(std::string_view key_id) override;
    Done blow_host_fuse() override;
    Result<FuseState> fuse_state(std::string_view key_id) override;
    Done destroy(std::string_view key_id) override;
    Done flush_sessions() override { return done(); }  // a login authorises no key beforehand
    void rest() override {}  // nothing is kept for the next signature's sake

  private:
    Done check_wanted(const NewKey& wanted) const;
    Result<KeyRecord> plan(const NewKey& wanted);
    Done end_left_over(std::string_view id);
    Done make(KeyRecord& record);
    Result<Bytes> sign_with(const KeyRecord& record, const SigningKey& key, ByteView message);
    Result<KeyDescription> describe_listed(const KeyRecord& record);

    Session* session_;
    TokenKeys* keys_;
    Libp11Keys* libp11_;
    About about_;
};

}  // namespace holdfast::hsm::pkcs11

#endif  // HOLDFAST_HSM_PKCS11_PKCS11_KEY_STORE_H
