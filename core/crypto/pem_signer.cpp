#include "core/crypto/pem_signer.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "core/crypto/openssl.h"
#include "core/crypto/trusted_key.h"
#include "core/encode/pem.h"

namespace holdfast::crypto {
namespace {

constexpr std::size_t max_pem = 16UL * 1024;

// OpenSSL would ask at the terminal, in the middle of whatever calls us.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

// TrustedKey has looked at the kind of key.
const char* hash_of(EVP_PKEY* key) {
    constexpr int p384_bits = 384;
    if (::EVP_PKEY_is_a(key, "ED25519") == 1) return nullptr;
    const bool is_ec = ::EVP_PKEY_is_a(key, "EC") == 1;
    return is_ec && ::EVP_PKEY_get_bits(key) == p384_bits ? "SHA384" : "SHA256";
}

bool use_pss(EVP_PKEY_CTX* context) {
    return ::EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
           ::EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

}  // namespace

void PemSigner::Free::operator()(evp_pkey_st* key) const noexcept {
    ::EVP_PKEY_free(key);
}

Result<PemSigner> PemSigner::open(ByteView pem) {
    if (pem.size() > max_pem) return Error(Code::invalid, "private key: more than 16384 bytes");
    const Openssl<BIO, ::BIO_free> file(
        ::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    PemSigner signer(::PEM_read_bio_PrivateKey(file.get(), nullptr, no_passphrase, nullptr));
    if (signer.key_ == nullptr)
        return openssl_error(Code::invalid,
                             "private key: no PEM without a passphrase (for one with, use "
                             "ssh-agent and an SSH key)");
    HOLDFAST_TRY(text, signer.public_key());
    HOLDFAST_CHECK(TrustedKey::parse(text));
    return signer;
}

Result<std::string> PemSigner::public_key() const {
    const Bytes der = der_of(key_.get(), ::i2d_PUBKEY);
    if (der.empty()) return openssl_error(Code::invalid, "private key: has no public half");
    return encode::to_pem("PUBLIC KEY", der);
}

Result<Bytes> PemSigner::sign(ByteView message) const {
    const Openssl<EVP_MD_CTX, ::EVP_MD_CTX_free> context(::EVP_MD_CTX_new());
    EVP_PKEY_CTX* options = nullptr;
    std::size_t size = static_cast<std::size_t>(::EVP_PKEY_get_size(key_.get()));
    Bytes signature(size);
    const bool is_rsa = ::EVP_PKEY_is_a(key_.get(), "RSA") == 1;
    const bool worked = context != nullptr &&
                        ::EVP_DigestSignInit_ex(context.get(), &options, hash_of(key_.get()),
                                                nullptr, nullptr, key_.get(), nullptr) == 1 &&
                        (!is_rsa || use_pss(options)) &&
                        ::EVP_DigestSign(context.get(), signature.data(), &size, message.data(),
                                         message.size()) == 1;
    if (!worked) return openssl_error(Code::internal, "private key: cannot sign");
    signature.resize(size);
    return signature;
}

}  // namespace holdfast::crypto
