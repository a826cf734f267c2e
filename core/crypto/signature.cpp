#include "core/crypto/signature.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>

#include "core/crypto/der.h"
#include "core/crypto/openssl.h"

namespace holdfast::crypto {
namespace {

constexpr int min_rsa_bits = 2048;         // NIST SP 800-131A
constexpr std::size_t max_raw = 2UL * 66;  // P-521
constexpr std::array<std::string_view, 3> curves{"prime256v1", "secp384r1", "secp521r1"};
constexpr std::array<std::string_view, 4> hashes{"SHA1", "SHA256", "SHA384", "SHA512"};

Error bad_signature() {
    ::ERR_clear_error();
    return {Code::invalid, "signature: does not verify"};
}

Error wrong_size() {
    return {Code::invalid, "signature: wrong size for this curve"};
}

struct Check {
    EVP_PKEY* key;
    std::string_view hash;
    ByteView message;
    ByteView signature;
};

// padding 0: not RSA. salt: PSS only.
bool verifies(const Check& check, int padding, int salt) {
    const Openssl<EVP_MD_CTX, ::EVP_MD_CTX_free> context(::EVP_MD_CTX_new());
    EVP_PKEY_CTX* key_context = nullptr;
    const std::string hash(check.hash);
    if (context == nullptr || ::EVP_DigestVerifyInit_ex(context.get(), &key_context, hash.c_str(),
                                                        nullptr, nullptr, check.key, nullptr) != 1)
        return false;
    if (padding != 0 && ::EVP_PKEY_CTX_set_rsa_padding(key_context, padding) != 1) return false;
    if (padding == RSA_PKCS1_PSS_PADDING &&
        ::EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, salt) != 1)
        return false;
    return ::EVP_DigestVerify(context.get(), check.signature.data(), check.signature.size(),
                              check.message.data(), check.message.size()) == 1;
}

// The named curve of an EC key; empty for any other key, and for curves written out in full.
std::string_view curve_of(EVP_PKEY* key, std::array<char, 32>& text) {
    std::size_t size = 0;
    const bool known = ::EVP_PKEY_is_a(key, "EC") == 1 &&
                       ::EVP_PKEY_get_group_name(key, text.data(), text.size(), &size) == 1;
    ::ERR_clear_error();
    return known ? std::string_view(text.data(), size) : std::string_view();
}

Done check_curve(EVP_PKEY* key) {
    std::array<char, 32> text{};
    const std::string_view curve = curve_of(key, text);
    if (std::find(curves.begin(), curves.end(), curve) == curves.end())
        return Error(Code::invalid, "signature: the key is not on an accepted curve");
    return done();
}

Done verify_ecdsa(Check check) {
    HOLDFAST_CHECK(check_curve(check.key));
    const auto coordinate = static_cast<std::size_t>((::EVP_PKEY_get_bits(check.key) + 7) / 8);
    if (check.signature.size() != 2 * coordinate) return wrong_size();
    HOLDFAST_TRY(der, der_of_raw(check.signature));
    check.signature = der;
    if (!verifies(check, 0, 0)) return bad_signature();
    return done();
}

Done verify_rsa(const Check& check, int padding) {
    if (::EVP_PKEY_is_a(check.key, "RSA") != 1)
        return Error(Code::invalid, "signature: this scheme needs an RSA key");
    if (::EVP_PKEY_get_bits(check.key) < min_rsa_bits)
        return Error(Code::invalid, "signature: RSA key shorter than 2048 bits");
    // TPM 2.0 Part 1, B.7: the salt is as long as the digest on FIPS chips, as long as fits on
    // others. Nothing between is a TPM's.
    const bool verified =
        verifies(check, padding, RSA_PSS_SALTLEN_DIGEST) ||
        (padding == RSA_PKCS1_PSS_PADDING && verifies(check, padding, RSA_PSS_SALTLEN_MAX));
    if (!verified) return bad_signature();
    return done();
}

}  // namespace

Result<Bytes> der_of_raw(ByteView raw) {
    if (raw.empty() || raw.size() % 2 != 0 || raw.size() > max_raw)
        return Error(Code::invalid, "signature: r and s must have the same size");
    const std::size_t half = raw.size() / 2;
    return der::value(der::sequence, {der::unsigned_integer(raw.first(half)),
                                      der::unsigned_integer(raw.last(half))});
}

Result<Bytes> raw_of_der(ByteView der, KeyAlgorithm algorithm) {
    const Error wrong(Code::invalid, "signature: not a DER encoded ECDSA signature of this curve");
    if (algorithm != KeyAlgorithm::es256 && algorithm != KeyAlgorithm::es384) return wrong;
    const unsigned char* at = der.data();
    const Openssl<ECDSA_SIG, ::ECDSA_SIG_free> read(
        ::d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
    ::ERR_clear_error();
    if (read == nullptr) return wrong;
    Bytes raw(signature_size(algorithm));
    const int half = static_cast<int>(raw.size() / 2);
    // Padded: DER drops leading zeros of r and s, JOSE wants them as long as the curve's order.
    const bool fits =
        ::BN_bn2binpad(::ECDSA_SIG_get0_r(read.get()), raw.data(), half) == half &&
        ::BN_bn2binpad(::ECDSA_SIG_get0_s(read.get()), raw.data() + half, half) == half;
    ::ERR_clear_error();
    if (!fits) return wrong;
    // One text per signature: BER forms, negative numbers and trailing bytes do not come back.
    HOLDFAST_TRY(again, der_of_raw(raw));
    if (!std::equal(der.begin(), der.end(), again.begin(), again.end())) return wrong;
    return raw;
}

Done verify_signature(ByteView spki, SignatureScheme scheme, std::string_view hash,
                      ByteView message, ByteView signature) {
    if (std::find(hashes.begin(), hashes.end(), hash) == hashes.end())
        return Error(Code::invalid, "signature: unknown hash");
    HOLDFAST_TRY(key, public_key_of(spki));
    const Check check{key.get(), hash, message, signature};
    switch (scheme) {
        case SignatureScheme::ecdsa: return verify_ecdsa(check);
        case SignatureScheme::rsassa: return verify_rsa(check, RSA_PKCS1_PADDING);
        case SignatureScheme::rsapss: return verify_rsa(check, RSA_PKCS1_PSS_PADDING);
    }
    return Error(Code::invalid, "signature: unknown scheme");
}

}  // namespace holdfast::crypto
