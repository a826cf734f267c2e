// SshSigner: an operator's Ed25519 key, made from one byte, that signs SSHSIGs as ssh-keygen does.
#ifndef HOLDFAST_TESTS_SUPPORT_SSH_SIGNER_H
#define HOLDFAST_TESTS_SUPPORT_SSH_SIGNER_H

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/crypto/digest.h"
#include "core/crypto/pem_signer.h"
#include "core/encode/base64.h"
#include "core/encode/pem.h"
#include "core/encode/ssh_wire.h"
#include "core/encode/sshsig.h"

namespace holdfast::tests {

class SshSigner {
  public:
    explicit SshSigner(std::uint8_t seed) : key_(key_of(seed)) {
        const auto spki = encode::from_pem(*key_.public_key(), "PUBLIC KEY");
        // RFC 8410 §4: the key is the end of its SubjectPublicKeyInfo.
        constexpr std::size_t size = 32;
        const Bytes point(spki->front().end() - size, spki->front().end());
        public_ = encode::SshWriter().string(view_of("ssh-ed25519")).string(point).take();
    }

    std::string line() const { return "ssh-ed25519 " + encode::base64(public_); }

    // SSHSIG with SHA-256: ssh-keygen takes SHA-512, the format knows both.
    Bytes sign(std::string_view message, std::string_view name_space = "holdfast-approval") const {
        encode::Sshsig sshsig{public_, std::string(name_space), "sha256", {}};
        const Sha256 digest = crypto::sha256(view_of(message));
        const auto raw = key_.sign(encode::sshsig_signed_bytes(sshsig, digest));
        sshsig.signature = encode::SshWriter().string(view_of("ssh-ed25519")).string(*raw).take();
        return encode::write_sshsig(sshsig);
    }
    std::string armored(std::string_view message,
                        std::string_view name_space = "holdfast-approval") const {
        return encode::armor_sshsig(sign(message, name_space));
    }

  private:
    static crypto::PemSigner key_of(std::uint8_t seed) {
        // RFC 8410 §7: version, id-Ed25519, 32 bytes in two octet strings.
        Bytes der = *encode::from_hex("302e020100300506032b657004220420");
        der.insert(der.end(), 32, seed);
        auto key = crypto::PemSigner::open(view_of(encode::to_pem("PRIVATE KEY", der)));
        if (!key) std::abort();
        return *std::move(key);
    }

    crypto::PemSigner key_;
    Bytes public_;
};

// One [[operator]] of operators.toml.
inline std::string operator_toml(const std::string& name, const SshSigner& key,
                                 const std::string& groups = "\"finance\"",
                                 const std::string& uids = "") {
    return "[[operator]]\nname = \"" + name + "\"\nkeys = [\"" + key.line() + "\"]\ngroups = [" +
           groups + "]\nuids = [" + uids + "]\n";
}

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_SSH_SIGNER_H
