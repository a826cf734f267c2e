// openssl-sign: the same loop through OpenSSL's EVP interface and tpm2-openssl.
//   openssl-sign MS LEAST KEY
// KEY is a "TSS2 PRIVATE KEY" PEM file, without a policy. The TPM from $TPM2OPENSSL_TCTI.
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/provider.h>

#include <array>
#include <iostream>
#include <memory>
#include <string>

#include "bench/programs/samples.h"

namespace {

struct Free {
    void operator()(EVP_PKEY* key) const noexcept { ::EVP_PKEY_free(key); }
    void operator()(EVP_PKEY_CTX* context) const noexcept { ::EVP_PKEY_CTX_free(context); }
    void operator()(BIO* file) const noexcept { (void)::BIO_free(file); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Context = std::unique_ptr<EVP_PKEY_CTX, Free>;

Key read_key(const char* path) {
    const std::unique_ptr<BIO, Free> file(::BIO_new_file(path, "r"));
    if (!file) return nullptr;
    return Key(::PEM_read_bio_PrivateKey_ex(file.get(), nullptr, nullptr, nullptr, nullptr,
                                            "?provider=tpm2"));
}

int run(const char* milliseconds, const char* least, const char* path) {
    if (::OSSL_PROVIDER_load(nullptr, "default") == nullptr ||
        ::OSSL_PROVIDER_load(nullptr, "tpm2") == nullptr)
        return 1;
    const Key key = read_key(path);
    if (!key) return 1;
    const Context context(::EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), "?provider=tpm2"));
    if (!context || ::EVP_PKEY_sign_init(context.get()) != 1 ||
        ::EVP_PKEY_CTX_set_signature_md(context.get(), ::EVP_sha256()) != 1)
        return 1;
    const std::array<unsigned char, 32> digest{};
    std::array<unsigned char, 128> signature{};
    const auto turn = [&] {
        std::size_t size = signature.size();
        return ::EVP_PKEY_sign(context.get(), signature.data(), &size, digest.data(),
                               digest.size()) == 1;
    };
    if (!turn()) return 1;  // the first one is not counted
    holdfast::bench::Samples samples;
    if (!samples.repeat(std::chrono::milliseconds(std::stoi(milliseconds)), std::stoul(least),
                        turn))
        return 1;
    samples.print();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::cerr << "usage: openssl-sign MS LEAST KEY\n";
        return 2;
    }
    const int result = run(argv[1], argv[2], argv[3]);
    ::ERR_print_errors_fp(stderr);
    return result;
}
