#include "core/crypto/public_key.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <memory>
#include <utility>

#include "core/crypto/openssl.h"
#include "core/crypto/recent.h"
#include "core/crypto/spki.h"

namespace holdfast::crypto {
namespace {

struct Curve {
    std::string_view name;
    KeyKind kind;
    std::size_t coordinate;  // bytes
};
constexpr std::array<Curve, 2> curves{{{"P-256", KeyKind::p256, 32}, {"P-384", KeyKind::p384, 48}}};
constexpr std::size_t ed25519_size = 32;  // RFC 8032 §5.1.5

Bytes joined(std::initializer_list<ByteView> pieces) {
    Bytes all;
    for (const ByteView piece : pieces)
        all.insert(all.end(), piece.begin(), piece.end());
    return all;
}

// The owners: Recent, and who asks it, for a moment.
using SharedKey = std::shared_ptr<EVP_PKEY>;

Result<SharedKey> read_key(ByteView spki) {
    const unsigned char* at = spki.data();
    PublicKey key(::d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));
    if (key == nullptr) return openssl_error(Code::invalid, "public key: cannot be read");
    if (at != spki.data() + spki.size()) return Error(Code::invalid, "public key: trailing bytes");
    return SharedKey(std::move(key));
}

Openssl<BIGNUM, ::BN_free> number_of(ByteView big_endian) {
    return Openssl<BIGNUM, ::BN_free>(
        ::BN_bin2bn(big_endian.data(), static_cast<int>(big_endian.size()), nullptr));
}

}  // namespace

// OpenSSL 3.0 takes 0.2 ms to read a key, as long as to check a signature with it; and they are the
// same few keys again and again. A key does not change, so its users may share it.
Result<PublicKey> public_key_of(ByteView spki) {
    thread_local Recent<SharedKey> recent;
    HOLDFAST_TRY(known, recent.read(spki, read_key));
    (void)::EVP_PKEY_up_ref(known.get());
    return PublicKey(known.get());
}

Result<Bytes> spki_of_ec(std::string_view curve, const EcPoint& point) {
    const auto* known = std::find_if(curves.begin(), curves.end(),
                                     [&](const Curve& each) { return each.name == curve; });
    if (known == curves.end())
        return Error(Code::invalid, "public key: curve must be P-256 or P-384");
    if (point.x.size() != known->coordinate || point.y.size() != known->coordinate)
        return Error(Code::invalid, "public key: coordinates of the wrong size");
    const std::uint8_t uncompressed = 0x04;
    Bytes spki = write_spki(known->kind, joined({ByteView(&uncompressed, 1), point.x, point.y}));
    HOLDFAST_CHECK(read_spki(spki));
    return spki;
}

Result<Bytes> spki_of_p256(const EcPoint& point) {
    return spki_of_ec("P-256", point);
}

Result<EcPoint> p256_of_spki(ByteView spki) {
    HOLDFAST_TRY(read, read_spki(spki));
    if (read.kind != KeyKind::p256)
        return Error(Code::invalid, "public key: must be P-256, uncompressed, as RFC 5480 says");
    const ByteView point = ByteView(read.bits).subspan(1);
    const std::size_t half = point.size() / 2;
    return EcPoint{bytes_of(point.first(half)), bytes_of(point.last(half))};
}

Result<Bytes> spki_of_ed25519(ByteView point) {
    if (point.size() != ed25519_size)
        return Error(Code::invalid, "public key: Ed25519: must have 32 bytes");
    Bytes spki = write_spki(KeyKind::ed25519, point);
    HOLDFAST_CHECK(read_spki(spki));
    return spki;
}

Result<Bytes> spki_of_rsa(ByteView modulus, std::uint32_t exponent) {
    constexpr std::uint32_t default_exponent = 65537;  // TPM 2.0 Part 2, 12.2.3.5
    const auto n = number_of(modulus);
    const Openssl<OSSL_PARAM_BLD, ::OSSL_PARAM_BLD_free> builder(::OSSL_PARAM_BLD_new());
    const bool filled =
        n != nullptr && builder != nullptr &&
        ::OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
        ::OSSL_PARAM_BLD_push_uint(builder.get(), OSSL_PKEY_PARAM_RSA_E,
                                   exponent == 0 ? default_exponent : exponent) == 1;
    if (!filled) return openssl_error(Code::invalid, "public key: RSA");
    const Openssl<OSSL_PARAM, ::OSSL_PARAM_free> params(::OSSL_PARAM_BLD_to_param(builder.get()));
    const Openssl<EVP_PKEY_CTX, ::EVP_PKEY_CTX_free> context(
        ::EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
    EVP_PKEY* made = nullptr;
    const bool worked =
        params != nullptr && context != nullptr && ::EVP_PKEY_fromdata_init(context.get()) == 1 &&
        ::EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, params.get()) == 1;
    const PublicKey key(made);
    if (!worked) return openssl_error(Code::invalid, "public key: RSA");
    return der_of(key.get(), ::i2d_PUBKEY);
}

}  // namespace holdfast::crypto
