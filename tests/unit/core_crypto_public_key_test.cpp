#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

#include "core/crypto/jwk.h"
#include "core/crypto/jws_signature.h"
#include "core/crypto/public_key.h"
#include "core/crypto/signature.h"
#include "core/encode/base64.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::crypto;
using encode::from_base64url;
using encode::from_hex;
using encode::hex;

namespace {

// The base point of P-256 (FIPS 186-4, D.1.2.3).
const EcPoint base_point{
    *from_hex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"),
    *from_hex("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")};
// OpenSSL's own, for signatures on other curves.
class EcKey {
  public:
    EcKey(const char* curve, int coordinate)
        : key_(::EVP_EC_gen(curve), &::EVP_PKEY_free), coordinate_(coordinate) {
        REQUIRE(key_);
    }

    Bytes spki() const {
        Bytes der(static_cast<std::size_t>(::i2d_PUBKEY(key_.get(), nullptr)));
        unsigned char* at = der.data();
        (void)::i2d_PUBKEY(key_.get(), &at);
        return der;
    }
    // r and s, as long as a coordinate each.
    Bytes sign_sha256(ByteView message) const {
        const std::unique_ptr<EVP_MD_CTX, decltype(&::EVP_MD_CTX_free)> context(::EVP_MD_CTX_new(),
                                                                                &::EVP_MD_CTX_free);
        Bytes der(256);
        std::size_t size = der.size();
        REQUIRE(::EVP_DigestSignInit(context.get(), nullptr, ::EVP_sha256(), nullptr, key_.get()) ==
                1);
        REQUIRE(::EVP_DigestSign(context.get(), der.data(), &size, message.data(),
                                 message.size()) == 1);
        const unsigned char* at = der.data();
        const std::unique_ptr<ECDSA_SIG, decltype(&::ECDSA_SIG_free)> read(
            ::d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)), &::ECDSA_SIG_free);
        REQUIRE(read);
        Bytes raw(2 * static_cast<std::size_t>(coordinate_));
        REQUIRE(::BN_bn2binpad(::ECDSA_SIG_get0_r(read.get()), raw.data(), coordinate_) ==
                coordinate_);
        REQUIRE(::BN_bn2binpad(::ECDSA_SIG_get0_s(read.get()), raw.data() + coordinate_,
                               coordinate_) == coordinate_);
        return raw;
    }

  private:
    std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)> key_;
    int coordinate_;  // bytes
};

constexpr const char* p256_prefix = "3059301306072a8648ce3d020106082a8648ce3d030107034200";

}  // namespace

TEST_CASE("public key: a P-256 point and its SubjectPublicKeyInfo", "[core][crypto]") {
    const auto spki = spki_of_p256(base_point);
    REQUIRE(spki);
    CHECK(hex(*spki) == std::string(p256_prefix) + "04" + hex(base_point.x) + hex(base_point.y));
    const auto point = p256_of_spki(*spki);
    REQUIRE(point);
    CHECK(point->x == base_point.x);
    CHECK(point->y == base_point.y);
}

TEST_CASE("public key: points off the curve and odd sizes are refused", "[core][crypto]") {
    EcPoint off = base_point;
    off.y.back() ^= 1;
    CHECK_FALSE(spki_of_p256(off));
    EcPoint shorter = base_point;
    shorter.x.pop_back();
    CHECK_FALSE(spki_of_p256(shorter));
    CHECK_FALSE(spki_of_ec("P-384", base_point));
    CHECK_FALSE(spki_of_ec("P-521", base_point));
    CHECK_FALSE(spki_of_p256({Bytes(32, 0), Bytes(32, 0)}));
}

TEST_CASE("public key: one text per key", "[core][crypto]") {
    const Bytes spki = *spki_of_p256(base_point);
    Bytes longer = spki;
    longer.push_back(0);
    CHECK_FALSE(p256_of_spki(longer));
    CHECK_FALSE(p256_of_spki(ByteView(spki).first(spki.size() - 1)));
    CHECK_FALSE(p256_of_spki({}));
    // The same key, compressed: valid for RFC 5480, not one of our texts.
    const auto compressed = from_hex(
        "3039301306072a8648ce3d020106082a8648ce3d030107032200"
        "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296");
    CHECK_FALSE(p256_of_spki(*compressed));
    Bytes wrong_curve = spki;
    wrong_curve[22] ^= 0x0d;
    CHECK_FALSE(p256_of_spki(wrong_curve));
}

TEST_CASE("public key: the thumbprint of RFC 9449's example", "[core][crypto]") {
    const EcPoint point{*from_base64url("l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs"),
                        *from_base64url("9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA")};
    CHECK(*jwk_thumbprint(*spki_of_p256(point)) == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    CHECK_FALSE(jwk_thumbprint(Bytes{0x30, 0x00}));
}

TEST_CASE("public key: RSA with a TPM's default exponent", "[core][crypto]") {
    Bytes modulus(256, 0xc5);
    const auto by_default = spki_of_rsa(modulus, 0);
    REQUIRE(by_default);
    CHECK(*by_default == *spki_of_rsa(modulus, 65537));
    CHECK(hex(*by_default).ends_with("0203010001"));
    CHECK(*by_default != *spki_of_rsa(modulus, 3));
}

TEST_CASE("signature: DER and raw forms come back", "[core][crypto]") {
    Bytes raw(64, 0);
    raw[31] = 1;     // r = 1: leading zeros are dropped in DER and padded again
    raw[32] = 0x80;  // s with its top bit set needs a zero in front
    const auto der = der_of_raw(raw);
    REQUIRE(der);
    CHECK(hex(*der) ==
          "30260201010221008000000000000000000000000000000000000000000000000000000000000000");
    CHECK(*raw_of_der(*der, KeyAlgorithm::es256) == raw);
    CHECK_FALSE(der_of_raw(Bytes(63)));
    CHECK_FALSE(der_of_raw({}));
}

TEST_CASE("signature: only one DER text per signature", "[core][crypto]") {
    CHECK(raw_of_der(*from_hex("3006020101020101"), KeyAlgorithm::es256));
    for (const char* text :
         {"", "3000", "3003020101", "3006020101020101ff", "3006020181020101", "3007020101020200",
          "300702020001020101", "308106020101020101", "30800201010201010000"})
        CHECK_FALSE(raw_of_der(*from_hex(text), KeyAlgorithm::es256));
    // r longer than 32 bytes
    CHECK_FALSE(
        raw_of_der(*from_hex("3026022101" + std::string(64, '0') + "020101"), KeyAlgorithm::es256));
}

TEST_CASE("signature: DER and raw forms of P-384 come back", "[core][crypto]") {
    Bytes raw(96, 0);
    raw[47] = 1;
    raw[48] = 0x80;
    const auto der = der_of_raw(raw);
    REQUIRE(der);
    CHECK(*raw_of_der(*der, KeyAlgorithm::es384) == raw);
    // s has 48 bytes: too long for P-256; and one byte more is too long for P-384.
    CHECK_FALSE(raw_of_der(*der, KeyAlgorithm::es256));
    CHECK_FALSE(raw_of_der(*der_of_raw(Bytes(98, 0x7f)), KeyAlgorithm::es384));
    CHECK(raw_of_der(*der_of_raw(Bytes(96, 0x7f)), KeyAlgorithm::es384));
}

TEST_CASE("signature: only ECDSA has a DER form", "[core][crypto]") {
    const Bytes der = *der_of_raw(Bytes(64, 0x7f));
    for (const KeyAlgorithm algorithm : key_algorithms)
        CHECK(raw_of_der(der, algorithm).has_value() ==
              (algorithm == KeyAlgorithm::es256 || algorithm == KeyAlgorithm::es384));
}

TEST_CASE("signature: ES256 is P-256 and nothing else", "[core][crypto]") {
    const Bytes message = bytes_of(view_of("what is signed"));
    // Good signatures, of curves that ES256 does not have (RFC 7518 §3.4): one of another size, and
    // one of the same.
    const EcKey larger("P-384", 48);
    const Bytes raw = larger.sign_sha256(message);
    CHECK(verify_signature(larger.spki(), SignatureScheme::ecdsa, "SHA256", message, raw));
    CHECK_FALSE(verify_es256(larger.spki(), message, raw));
    const EcKey alike("secp256k1", 32);
    CHECK_FALSE(verify_es256(alike.spki(), message, alike.sign_sha256(message)));
}
