// TrustedKey: a public key whose signatures somebody decided to believe, in OpenSSH's form or PEM.
#ifndef HOLDFAST_CORE_CRYPTO_TRUSTED_KEY_H
#define HOLDFAST_CORE_CRYPTO_TRUSTED_KEY_H

#include <string>
#include <string_view>

#include "core/encode/ssh_key.h"
#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::crypto {

class TrustedKey {
  public:
    // An OpenSSH public key line (Ed25519, P-256, P-384, RSA from 2048 bits, and the two kinds kept
    // in FIDO tokens), or one PEM "PUBLIC KEY" (P-256, P-384, Ed25519, RSA from 2048 bits).
    static Result<TrustedKey> parse(std::string_view text);

    // "SHA256:…" as `ssh-keygen -l` shows it; "spki-sha256:<hex>" for a PEM key.
    const std::string& fingerprint() const noexcept { return fingerprint_; }
    bool is_ssh() const noexcept { return !ssh_.blob.empty(); }
    bool is_of(ByteView ssh_blob) const noexcept;  // the same SSH key, as an SSHSIG carries it

    // An SSH key's signature is an SSHSIG in this namespace. A PEM key knows no namespaces: ECDSA
    // with its curve's hash in DER, Ed25519, or RSA-PSS with SHA-256, over the message itself.
    // Signatures of FIDO tokens count only when somebody touched the token.
    Done verify(std::string_view name_space, ByteView message, ByteView signature) const;

  private:
    TrustedKey(Bytes spki, std::string fingerprint)
        : spki_(std::move(spki)), fingerprint_(std::move(fingerprint)) {}
    static Result<TrustedKey> from_ssh(std::string_view line);
    static Result<TrustedKey> from_pem(std::string_view text);
    Done verify_plain(ByteView message, ByteView signature) const;
    Done verify_sshsig(std::string_view name_space, ByteView message, ByteView blob) const;
    Done verify_ssh(ByteView message, const encode::SshSignature& signature) const;

    Bytes spki_;
    std::string fingerprint_;
    encode::SshPublicKey ssh_;  // without a blob when the key came as PEM
};

}  // namespace holdfast::crypto

#endif  // HOLDFAST_CORE_CRYPTO_TRUSTED_KEY_H
