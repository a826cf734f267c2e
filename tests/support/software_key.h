// SoftwareKey: a key in memory, for tests that need somebody to sign without hardware.
#ifndef HOLDFAST_TESTS_SUPPORT_SOFTWARE_KEY_H
#define HOLDFAST_TESTS_SUPPORT_SOFTWARE_KEY_H

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>
#include <stdexcept>

#include "core/crypto/signature.h"
#include "holdfast/bytes.h"

namespace holdfast::tests {

class SoftwareKey {
  public:
    explicit SoftwareKey(KeyAlgorithm algorithm = KeyAlgorithm::es256)
        : algorithm_(algorithm), key_(made(algorithm), &::EVP_PKEY_free) {
        if (!key_) throw std::runtime_error("EVP_PKEY_Q_keygen");
    }

    KeyAlgorithm algorithm() const noexcept { return algorithm_; }

    Bytes spki() const {
        unsigned char* der = nullptr;
        const int size = ::i2d_PUBKEY(key_.get(), &der);
        const std::unique_ptr<unsigned char, void (*)(unsigned char*)> owned(
            der, [](unsigned char* bytes) { ::OPENSSL_free(bytes); });
        if (size <= 0) throw std::runtime_error("i2d_PUBKEY");
        return {der, der + size};
    }

    // In JWS form: by the key's algorithm, or with another digest.
    Bytes sign(ByteView message) const {
        if (algorithm_ == KeyAlgorithm::ed25519) return sign(message, nullptr);
        return sign(message, algorithm_ == KeyAlgorithm::es384 ? ::EVP_sha384() : ::EVP_sha256());
    }
    Bytes sign(ByteView message, const EVP_MD* digest) const {
        Bytes made = openssl_signature(message, digest);
        if (algorithm_ != KeyAlgorithm::es256 && algorithm_ != KeyAlgorithm::es384) return made;
        auto raw = crypto::raw_of_der(made, algorithm_);
        if (!raw) throw std::runtime_error(raw.error().text());
        return *std::move(raw);
    }

    // For what OpenSSL signs itself: certificates.
    EVP_PKEY* raw() const noexcept { return key_.get(); }

  private:
    static EVP_PKEY* made(KeyAlgorithm algorithm) {
        switch (algorithm) {
            case KeyAlgorithm::es256: return ::EVP_EC_gen("P-256");
            case KeyAlgorithm::es384: return ::EVP_EC_gen("P-384");
            case KeyAlgorithm::ed25519: return ::EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
            case KeyAlgorithm::ps256_2048:
            case KeyAlgorithm::rs256_2048: return ::EVP_RSA_gen(2048);
            case KeyAlgorithm::ps256_3072:
            case KeyAlgorithm::rs256_3072: break;
        }
        return ::EVP_RSA_gen(3072);
    }
    bool set_padding(EVP_PKEY_CTX* context) const {
        return jws_alg(algorithm_) != "PS256" ||
               (::EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
                ::EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1);
    }
    Bytes openssl_signature(ByteView message, const EVP_MD* digest) const {
        const std::unique_ptr<EVP_MD_CTX, decltype(&::EVP_MD_CTX_free)> context(::EVP_MD_CTX_new(),
                                                                                &::EVP_MD_CTX_free);
        EVP_PKEY_CTX* key_context = nullptr;
        std::size_t size = 512;
        Bytes made(size);
        if (::EVP_DigestSignInit(context.get(), &key_context, digest, nullptr, key_.get()) != 1 ||
            !set_padding(key_context) ||
            ::EVP_DigestSign(context.get(), made.data(), &size, message.data(), message.size()) !=
                1)
            throw std::runtime_error("EVP_DigestSign");
        made.resize(size);
        return made;
    }

    KeyAlgorithm algorithm_;
    std::shared_ptr<EVP_PKEY> key_;  // copies share the key: tests keep them in containers
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_SOFTWARE_KEY_H
