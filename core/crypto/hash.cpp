#include "core/crypto/hash.h"

#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>
#include <memory>
#include <string>
#include <utility>

namespace holdfast::crypto {
namespace {

struct Known {
    const char* name;
    std::size_t size;
};
constexpr std::array<Known, 4> known = {
    {{"SHA1", 20}, {"SHA256", 32}, {"SHA384", 48}, {"SHA512", 64}}};

const Known* find(std::string_view algorithm) noexcept {
    for (const Known& entry : known) {
        if (algorithm == entry.name) return &entry;
    }
    return nullptr;
}

Error unknown(std::string_view algorithm) {
    return {Code::invalid, "hash " + std::string(algorithm) + " is not supported"};
}

struct FreeDigest {
    void operator()(EVP_MD_CTX* context) const noexcept { ::EVP_MD_CTX_free(context); }
};
struct FreeMac {
    void operator()(EVP_MAC* mac) const noexcept { ::EVP_MAC_free(mac); }
    void operator()(EVP_MAC_CTX* context) const noexcept { ::EVP_MAC_CTX_free(context); }
};

}  // namespace

const char* hash_of(KeyAlgorithm algorithm) noexcept {
    switch (algorithm) {
        case KeyAlgorithm::es384: return "SHA384";
        case KeyAlgorithm::es256:
        case KeyAlgorithm::ps256_2048:
        case KeyAlgorithm::ps256_3072:
        case KeyAlgorithm::rs256_2048:
        case KeyAlgorithm::rs256_3072: return "SHA256";
        case KeyAlgorithm::ed25519: break;
    }
    return "";
}

std::size_t hash_size(std::string_view algorithm) noexcept {
    const Known* entry = find(algorithm);
    return entry == nullptr ? 0 : entry->size;
}

Result<Bytes> hash(std::string_view algorithm, std::initializer_list<ByteView> pieces) {
    const Known* entry = find(algorithm);
    if (entry == nullptr) return unknown(algorithm);
    const std::unique_ptr<EVP_MD_CTX, FreeDigest> context(::EVP_MD_CTX_new());
    const EVP_MD* type = ::EVP_get_digestbyname(entry->name);
    if (!context || type == nullptr || ::EVP_DigestInit_ex(context.get(), type, nullptr) != 1)
        return Error(Code::internal, "EVP_DigestInit_ex failed");
    for (const ByteView piece : pieces) {
        if (::EVP_DigestUpdate(context.get(), piece.data(), piece.size()) != 1)
            return Error(Code::internal, "EVP_DigestUpdate failed");
    }
    Bytes digest(entry->size);
    if (::EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) != 1)
        return Error(Code::internal, "EVP_DigestFinal_ex failed");
    return digest;
}

Result<SecretBytes> hmac(std::string_view algorithm, ByteView key,
                         std::initializer_list<ByteView> pieces) {
    const Known* entry = find(algorithm);
    if (entry == nullptr) return unknown(algorithm);
    const std::unique_ptr<EVP_MAC, FreeMac> mac(::EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    const std::unique_ptr<EVP_MAC_CTX, FreeMac> context(::EVP_MAC_CTX_new(mac.get()));
    std::string digest_name = entry->name;
    const std::array<OSSL_PARAM, 2> params = {
        ::OSSL_PARAM_construct_utf8_string("digest", digest_name.data(), 0),
        ::OSSL_PARAM_construct_end()};
    // A null key means "keep the old one" to OpenSSL, so an empty key still needs an address.
    const std::uint8_t none = 0;
    const std::uint8_t* key_bytes = key.empty() ? &none : key.data();
    if (!context || ::EVP_MAC_init(context.get(), key_bytes, key.size(), params.data()) != 1)
        return Error(Code::internal, "EVP_MAC_init failed");
    for (const ByteView piece : pieces) {
        if (::EVP_MAC_update(context.get(), piece.data(), piece.size()) != 1)
            return Error(Code::internal, "EVP_MAC_update failed");
    }
    SecretBytes code(entry->size);
    std::size_t written = 0;
    if (::EVP_MAC_final(context.get(), code.mutable_view().data(), &written, code.size()) != 1)
        return Error(Code::internal, "EVP_MAC_final failed");
    return code;
}

}  // namespace holdfast::crypto
