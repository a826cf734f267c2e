// SoftwareKey: a P-256 key in memory, for tests that need somebody to sign without hardware.
#ifndef HOLDFAST_TESTS_SUPPORT_SOFTWARE_KEY_H
#define HOLDFAST_TESTS_SUPPORT_SOFTWARE_KEY_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <stdexcept>

#include "core/crypto/public_key.h"
#include "holdfast/bytes.h"

namespace holdfast::tests {

class SoftwareKey {
  public:
    SoftwareKey() : key_(::EVP_EC_gen("P-256"), &::EVP_PKEY_free) {
        if (!key_) throw std::runtime_error("EVP_EC_gen");
    }

    Bytes spki() const {
        unsigned char* der = nullptr;
        const int size = ::i2d_PUBKEY(key_.get(), &der);
        const std::unique_ptr<unsigned char, void (*)(unsigned char*)> owned(
            der, [](unsigned char* bytes) { ::OPENSSL_free(bytes); });
        if (size <= 0) throw std::runtime_error("i2d_PUBKEY");
        return {der, der + size};
    }

    // r ‖ s over the digest of the message.
    Bytes sign(ByteView message, const EVP_MD* digest = ::EVP_sha256()) const {
        const std::unique_ptr<EVP_MD_CTX, decltype(&::EVP_MD_CTX_free)> context(::EVP_MD_CTX_new(),
                                                                                &::EVP_MD_CTX_free);
        std::size_t size = 256;
        Bytes der(size);
        if (::EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key_.get()) != 1 ||
            ::EVP_DigestSign(context.get(), der.data(), &size, message.data(), message.size()) != 1)
            throw std::runtime_error("EVP_DigestSign");
        der.resize(size);
        auto raw = crypto::raw_of_der(der);
        if (!raw) throw std::runtime_error(raw.error().text());
        return *std::move(raw);
    }

    // For what OpenSSL signs itself: certificates.
    EVP_PKEY* raw() const noexcept { return key_.get(); }

  private:
    std::shared_ptr<EVP_PKEY> key_;  // copies share the key: tests keep them in containers
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_SOFTWARE_KEY_H
