// PemSigner: signs with a private key from a PEM file, for sponsors at their own machine.
#ifndef HOLDFAST_CORE_CRYPTO_PEM_SIGNER_H
#define HOLDFAST_CORE_CRYPTO_PEM_SIGNER_H

#include <memory>
#include <string>

#include "holdfast/bytes.h"
#include "holdfast/result.h"

struct evp_pkey_st;

namespace holdfast::crypto {

// No agent's key is ever one of these: agents' keys are in a chip, and hsm/ uses them there.
class PemSigner {
  public:
    // P-256, P-384, Ed25519 or RSA from 2048 bits; without a passphrase.
    static Result<PemSigner> open(ByteView pem);

    // PEM "PUBLIC KEY", as TrustedKey::parse takes it.
    Result<std::string> public_key() const;

    // What TrustedKey::verify accepts from a PEM key.
    Result<Bytes> sign(ByteView message) const;

  private:
    struct Free {
        void operator()(evp_pkey_st* key) const noexcept;
    };
    explicit PemSigner(evp_pkey_st* key) : key_(key) {}

    std::unique_ptr<evp_pkey_st, Free> key_;
};

}  // namespace holdfast::crypto

#endif  // HOLDFAST_CORE_CRYPTO_PEM_SIGNER_H
