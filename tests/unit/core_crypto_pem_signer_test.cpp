#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>

#include "core/crypto/pem_signer.h"
#include "core/crypto/trusted_key.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::crypto;

namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)>;

Key owned(EVP_PKEY* key) {
    REQUIRE(key != nullptr);
    return {key, &::EVP_PKEY_free};
}

std::string pem_of(const Key& key, const char* passphrase = nullptr) {
    const std::unique_ptr<BIO, decltype(&::BIO_free)> memory(::BIO_new(::BIO_s_mem()), &::BIO_free);
    REQUIRE(::PEM_write_bio_PKCS8PrivateKey(
                memory.get(), key.get(), passphrase == nullptr ? nullptr : ::EVP_aes_128_cbc(),
                passphrase, passphrase == nullptr ? 0 : 1, nullptr, nullptr) == 1);
    char* text = nullptr;
    const long size = ::BIO_get_mem_data(memory.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

Result<PemSigner> open(const std::string& pem) {
    return PemSigner::open(view_of(pem));
}

}  // namespace

TEST_CASE("pem signer: what it signs, its public key accepts", "[core][crypto]") {
    const ByteView message = view_of("a message");
    const Key keys[] = {owned(::EVP_EC_gen("P-256")), owned(::EVP_EC_gen("P-384")),
                        owned(::EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")),
                        owned(::EVP_RSA_gen(2048))};
    for (const Key& each : keys) {
        const auto signer = open(pem_of(each));
        REQUIRE(signer);
        const auto key = TrustedKey::parse(*signer->public_key());
        REQUIRE(key);
        const auto signature = signer->sign(message);
        REQUIRE(signature);
        CHECK(key->verify("", message, *signature));
        CHECK_FALSE(key->verify("", view_of("another"), *signature));
    }
}

TEST_CASE("pem signer: weak keys, passphrases and other files are refused", "[core][crypto]") {
    CHECK_FALSE(open(pem_of(owned(::EVP_RSA_gen(1024)))));
    CHECK_FALSE(open(pem_of(owned(::EVP_EC_gen("P-521")))));
    CHECK_FALSE(open(pem_of(owned(::EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519")))));
    const Key key = owned(::EVP_EC_gen("P-256"));
    // Asking for it would stop whoever calls, so it must come back at once.
    CHECK_FALSE(open(pem_of(key, "1")));
    CHECK_FALSE(open(*open(pem_of(key))->public_key()));
    CHECK_FALSE(open(""));
    const std::string pem = pem_of(key);
    CHECK(open(pem + std::string(16UL * 1024 - pem.size(), '\n')));
    CHECK_FALSE(open(pem + std::string(16UL * 1024 + 1 - pem.size(), '\n')));
}
