#include "core/crypto/wrap.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <array>
#include <string>

#include "core/crypto/openssl.h"

namespace holdfast::crypto {
namespace {

using KeyContext = Openssl<EVP_PKEY_CTX, ::EVP_PKEY_CTX_free>;
using Group = Openssl<EC_GROUP, ::EC_GROUP_free>;
using Point = Openssl<EC_POINT, ::EC_POINT_free>;
using Number = Openssl<BIGNUM, ::BN_clear_free>;
using Cipher = Openssl<EVP_CIPHER_CTX, ::EVP_CIPHER_CTX_free>;

Error failed(const char* call) {
    return {Code::internal, std::string(call) + " failed"};
}

struct Curve {
    Group group;
    Point peer;
    std::size_t field_size = 0;
};

Result<Curve> curve_of(ByteView spki) {
    HOLDFAST_TRY(key, public_key_of(spki));
    std::array<char, 32> name{};
    if (::EVP_PKEY_get_group_name(key.get(), name.data(), name.size(), nullptr) != 1)
        return Error(Code::invalid, "public key: not on a named curve");
    const int nid = ::OBJ_sn2nid(name.data());
    if (nid != NID_X9_62_prime256v1 && nid != NID_secp384r1)
        return Error(Code::invalid, "public key: not on P-256 or P-384");
    std::array<unsigned char, 133> encoded{};
    std::size_t size = 0;
    if (::EVP_PKEY_get_octet_string_param(key.get(), OSSL_PKEY_PARAM_PUB_KEY, encoded.data(),
                                          encoded.size(), &size) != 1)
        return failed("EVP_PKEY_get_octet_string_param");
    Curve curve{.group = Group(::EC_GROUP_new_by_curve_name(nid)), .peer = {}, .field_size = 0};
    if (!curve.group) return failed("EC_GROUP_new_by_curve_name");
    curve.field_size = nid == NID_X9_62_prime256v1 ? 32 : 48;
    curve.peer.reset(::EC_POINT_new(curve.group.get()));
    // oct2point refuses points off the curve.
    if (::EC_POINT_oct2point(curve.group.get(), curve.peer.get(), encoded.data(), size, nullptr) !=
            1 ||
        ::EC_POINT_is_at_infinity(curve.group.get(), curve.peer.get()) == 1)
        return Error(Code::invalid, "public key: not a point of its curve");
    return curve;
}

Result<EcPoint> coordinates(const Curve& curve, const EC_POINT* point) {
    const Number x(::BN_new());
    const Number y(::BN_new());
    if (!x || !y ||
        ::EC_POINT_get_affine_coordinates(curve.group.get(), point, x.get(), y.get(), nullptr) != 1)
        return failed("EC_POINT_get_affine_coordinates");
    EcPoint out{.x = Bytes(curve.field_size), .y = Bytes(curve.field_size)};
    const int size = static_cast<int>(curve.field_size);
    if (::BN_bn2binpad(x.get(), out.x.data(), size) != size ||
        ::BN_bn2binpad(y.get(), out.y.data(), size) != size)
        return failed("BN_bn2binpad");
    return out;
}

// OpenSSL keeps the copy it is given, but only when it says yes.
Done set_label(EVP_PKEY_CTX* context, std::string_view label) {
    auto* copy = static_cast<char*>(::OPENSSL_zalloc(label.size() + 1));
    if (copy == nullptr) return failed("OPENSSL_zalloc");
    label.copy(copy, label.size());
    const int size = static_cast<int>(label.size() + 1);
    if (::EVP_PKEY_CTX_set0_rsa_oaep_label(context, copy, size) == 1) return done();
    ::OPENSSL_free(copy);
    return failed("EVP_PKEY_CTX_set0_rsa_oaep_label");
}

}  // namespace

Result<Bytes> rsa_oaep(ByteView spki, std::string_view hash, std::string_view label,
                       ByteView secret) {
    HOLDFAST_TRY(key, public_key_of(spki));
    if (::EVP_PKEY_is_a(key.get(), "RSA") != 1) return Error(Code::invalid, "not an RSA key");
    const EVP_MD* digest = ::EVP_get_digestbyname(std::string(hash).c_str());
    const KeyContext context(::EVP_PKEY_CTX_new(key.get(), nullptr));
    if (!context || digest == nullptr || ::EVP_PKEY_encrypt_init(context.get()) != 1 ||
        ::EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) != 1 ||
        ::EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), digest) != 1 ||
        ::EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), digest) != 1)
        return failed("preparing RSA-OAEP");
    HOLDFAST_CHECK(set_label(context.get(), label));
    std::size_t size = static_cast<std::size_t>(::EVP_PKEY_get_size(key.get()));
    Bytes out(size);
    if (::EVP_PKEY_encrypt(context.get(), out.data(), &size, secret.data(), secret.size()) != 1)
        return failed("EVP_PKEY_encrypt");
    out.resize(size);
    return out;
}

Result<SecretBytes> random_scalar(ByteView spki) {
    HOLDFAST_TRY(curve, curve_of(spki));
    const Number scalar(::BN_secure_new());
    // 0 is one value in 2^256, and refused by agree().
    if (!scalar ||
        ::BN_priv_rand_range(scalar.get(), ::EC_GROUP_get0_order(curve.group.get())) != 1)
        return failed("BN_priv_rand_range");
    SecretBytes out(curve.field_size);
    const int size = static_cast<int>(curve.field_size);
    if (::BN_bn2binpad(scalar.get(), out.mutable_view().data(), size) != size)
        return failed("BN_bn2binpad");
    return out;
}

Result<Agreement> agree(ByteView spki, const SecretBytes& scalar) {
    HOLDFAST_TRY(curve, curve_of(spki));
    const EC_GROUP* group = curve.group.get();
    const Number d(
        ::BN_bin2bn(scalar.view().data(), static_cast<int>(scalar.size()), ::BN_secure_new()));
    if (!d || ::BN_is_zero(d.get()) == 1 || ::BN_cmp(d.get(), ::EC_GROUP_get0_order(group)) >= 0)
        return Error(Code::invalid, "key agreement: the scalar is out of range");
    ::BN_set_flags(d.get(), BN_FLG_CONSTTIME);
    const Point own(::EC_POINT_new(group));
    const Point shared(::EC_POINT_new(group));
    if (!own || !shared ||
        ::EC_POINT_mul(group, own.get(), d.get(), nullptr, nullptr, nullptr) != 1 ||
        ::EC_POINT_mul(group, shared.get(), nullptr, curve.peer.get(), d.get(), nullptr) != 1)
        return failed("EC_POINT_mul");
    HOLDFAST_TRY(ephemeral, coordinates(curve, own.get()));
    HOLDFAST_TRY(peer, coordinates(curve, curve.peer.get()));
    HOLDFAST_TRY(point, coordinates(curve, shared.get()));
    return Agreement{.ephemeral = std::move(ephemeral),
                     .peer = std::move(peer),
                     .z = SecretBytes(std::move(point.x))};
}

Result<Bytes> aes_cfb_zero_iv(const SecretBytes& key, ByteView plaintext) {
    const EVP_CIPHER* cipher = key.size() == 16   ? ::EVP_aes_128_cfb128()
                               : key.size() == 32 ? ::EVP_aes_256_cfb128()
                                                  : nullptr;
    if (cipher == nullptr) return Error(Code::invalid, "AES key must have 16 or 32 bytes");
    const Cipher context(::EVP_CIPHER_CTX_new());
    const std::array<std::uint8_t, 16> iv{};
    Bytes out(plaintext.size());
    int written = 0;
    if (!context ||
        ::EVP_EncryptInit_ex(context.get(), cipher, nullptr, key.view().data(), iv.data()) != 1 ||
        ::EVP_EncryptUpdate(context.get(), out.data(), &written, plaintext.data(),
                            static_cast<int>(plaintext.size())) != 1)
        return failed("AES-CFB");
    return out;
}

}  // namespace holdfast::crypto
