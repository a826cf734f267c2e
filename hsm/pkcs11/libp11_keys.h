// Libp11Keys: private keys as libp11 gives them to OpenSSL, and signing through EVP.
#ifndef HOLDFAST_HSM_PKCS11_LIBP11_KEYS_H
#define HOLDFAST_HSM_PKCS11_LIBP11_KEYS_H

#include <openssl/evp.h>

#include <map>

#include "holdfast/bytes.h"
#include "holdfast/result.h"
#include "hsm/owned.h"
#include "hsm/pkcs11/module.h"
#include "hsm/pkcs11/session.h"

namespace holdfast::hsm::pkcs11 {

using EvpKey = Owned<EVP_PKEY, ::EVP_PKEY_free>;

class Libp11Keys {
  public:
    Libp11Keys(Module& module, const Session& session) noexcept
        : module_(&module), session_(&session) {}

    // The private key with this id; none where libp11 does not see it. Version 0.4.12 sees no key
    // at all in a token that has one of a type it does not know, such as Ed25519, and remembers
    // ended objects by handles that the token may have given to new ones.
    // Looked for at its first use and kept, since libp11 lists the whole token each time. Good
    // until it is forgotten.
    Result<EVP_PKEY*> find(ByteView cka_id);
    void forget(ByteView cka_id) { found_.erase(bytes_of(cka_id)); }

  private:
    Done check_room() const;
    Result<EvpKey> look_for(ByteView cka_id);

    Module* module_;
    const Session* session_;
    bool has_session_ = false;
    std::map<Bytes, EvpKey> found_;
};

// As OpenSSL has it: DER for ECDSA, PKCS#1 v1.5 for RSA.
Result<Bytes> evp_sign(EVP_PKEY* key, const EVP_MD* hash, ByteView message);

}  // namespace holdfast::hsm::pkcs11

#endif  // HOLDFAST_HSM_PKCS11_LIBP11_KEYS_H
