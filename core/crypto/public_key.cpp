#include "core/crypto/public_key.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "core/crypto/der.h"
#include "core/crypto/digest.h"
#include "core/crypto/openssl.h"
#include "core/crypto/recent.h"

namespace holdfast::crypto {
namespace {

constexpr const char* ec_public_key = "1.2.840.10045.2.1";  // RFC 5480 §2.1.1

struct Curve {
    std::string_view name;
    const char* oid;
    std::size_t coordinate;  // bytes
};
constexpr std::array<Curve, 2> curves{
    {{"P-256", "1.2.840.10045.3.1.7", 32}, {"P-384", "1.3.132.0.34", 48}}};

std::string base64url(ByteView bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int size = ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                       static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    text.erase(std::find(text.begin(), text.end(), '='), text.end());
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    return text;
}

// RFC 5480 §2: AlgorithmIdentifier with a named curve, and the uncompressed point.
Bytes ec_spki(const Curve& curve, ByteView x, ByteView y) {
    const std::uint8_t uncompressed = 0x04;
    const Bytes algorithm =
        der::value(der::sequence, {der::oid(ec_public_key), der::oid(curve.oid)});
    const Bytes content = der::value(der::bit_string, {Bytes{0}, ByteView(&uncompressed, 1), x, y});
    return der::value(der::sequence, {algorithm, content});
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
    Bytes spki = ec_spki(*known, point.x, point.y);
    // Reading it back refuses a point that is not on the curve.
    HOLDFAST_CHECK(public_key_of(spki));
    return spki;
}

Result<Bytes> spki_of_p256(const EcPoint& point) {
    return spki_of_ec("P-256", point);
}

Result<EcPoint> p256_of_spki(ByteView spki) {
    constexpr std::size_t coordinate = 32;
    const Error wrong(Code::invalid, "public key: must be P-256, uncompressed, as RFC 5480 says");
    if (spki.size() <= 2 * coordinate) return wrong;
    const ByteView point = spki.last(2 * coordinate);
    EcPoint read{bytes_of(point.first(coordinate)), bytes_of(point.last(coordinate))};
    // One text per key: what RFC 5480 allows besides (compressed points) has another encoding.
    const Bytes again = ec_spki(curves[0], read.x, read.y);
    if (!std::equal(spki.begin(), spki.end(), again.begin(), again.end())) return wrong;
    HOLDFAST_CHECK(public_key_of(spki));
    return read;
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

namespace {

Result<std::string> thumbprint_of(ByteView spki) {
    HOLDFAST_TRY(point, p256_of_spki(spki));
    // RFC 7638 §3.2: the required members, in this order, no white space.
    const std::string jwk = R"({"crv":"P-256","kty":"EC","x":")" + base64url(point.x) +
                            R"(","y":")" + base64url(point.y) + R"("})";
    return base64url(sha256(view_of(jwk)));
}

}  // namespace

Result<std::string> jwk_thumbprint(ByteView spki) {
    thread_local Recent<std::string> recent;
    return recent.read(spki, thumbprint_of);
}

}  // namespace holdfast::crypto
