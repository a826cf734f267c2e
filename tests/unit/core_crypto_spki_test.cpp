// Keys of every kind: one SubjectPublicKeyInfo each, and their names in JOSE.
#include <openssl/evp.h>

#include <set>

#include "core/crypto/jwk.h"
#include "core/crypto/jws_signature.h"
#include "core/crypto/public_key.h"
#include "core/crypto/svid.h"
#include "core/encode/base64.h"
#include "tests/support/catch.h"
#include "tests/support/software_key.h"

using namespace holdfast;
using namespace holdfast::crypto;
using encode::from_base64url;
using encode::from_hex;
using encode::hex;

namespace {

constexpr const char* ed25519_head = "302a300506032b6570032100";
// RFC 8037, A.1.
const Bytes rfc_8037_point = *from_base64url("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
// RFC 7638 §3.1.
const Bytes rfc_7638_modulus = *from_base64url(
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
    "BJECPebWK"
    "RXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
    "FDW2QvzqY368QQMic"
    "AtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-"
    "bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3"
    "XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw");

bool takes_point(std::string_view point_hex) {
    return spki_of_ed25519(*from_hex(point_hex)).has_value();
}

// The kinds a SubjectPublicKeyInfo is for.
std::set<std::string_view> algorithms_for(ByteView spki) {
    std::set<std::string_view> found;
    for (const KeyAlgorithm algorithm : key_algorithms)
        if (check_key_of(algorithm, spki)) found.insert(to_string(algorithm));
    return found;
}

using Names = std::set<std::string_view>;

Names kinds_of(KeyAlgorithm algorithm) {
    switch (algorithm) {
        case KeyAlgorithm::es256: return {"ES256"};
        case KeyAlgorithm::es384: return {"ES384"};
        case KeyAlgorithm::ed25519: return {"Ed25519"};
        case KeyAlgorithm::ps256_2048:
        case KeyAlgorithm::rs256_2048: return {"PS256-2048", "RS256-2048"};
        case KeyAlgorithm::ps256_3072:
        case KeyAlgorithm::rs256_3072: break;
    }
    return {"PS256-3072", "RS256-3072"};
}

Bytes changed(Bytes spki, std::size_t at, std::uint8_t bits = 1) {
    spki.at(at) ^= bits;
    return spki;
}

}  // namespace

TEST_CASE("spki: a key is for its own algorithms and no others", "[core][crypto]") {
    for (const KeyAlgorithm algorithm : key_algorithms) {
        INFO(to_string(algorithm));
        const Bytes spki = tests::SoftwareKey(algorithm).spki();
        CHECK(algorithms_for(spki) == kinds_of(algorithm));
        CHECK(*algorithm_of(jws_alg(algorithm), spki) == algorithm);
        for (const KeyAlgorithm other : key_algorithms) {
            const bool both_rsa = signature_size(algorithm) > 96 && signature_size(other) > 96;
            CHECK(algorithm_of(jws_alg(other), spki).has_value() ==
                  (other == algorithm || both_rsa));
        }
        CHECK_FALSE(algorithm_of("none", spki));
        CHECK_FALSE(algorithm_of("", spki));
    }
}

TEST_CASE("spki: one text per key, of every kind", "[core][crypto]") {
    for (const KeyAlgorithm algorithm : key_algorithms) {
        INFO(to_string(algorithm));
        const Bytes spki = tests::SoftwareKey(algorithm).spki();
        Bytes longer = spki;
        longer.push_back(0);
        CHECK(algorithms_for(longer).empty());
        CHECK(algorithms_for(ByteView(spki).first(spki.size() - 1)).empty());
        CHECK(algorithms_for({}).empty());
        // Lengths and object identifiers, byte by byte: in front of the key's own bits.
        for (std::size_t at = 0; at < 12; ++at)
            CHECK(algorithms_for(changed(spki, at)).empty());
    }
}

TEST_CASE("spki: RSA keys have 2048 or 3072 bits and exponent 65537", "[core][crypto]") {
    const auto with = [](std::size_t size, std::uint32_t exponent) {
        return algorithms_for(*spki_of_rsa(Bytes(size, 0xc5), exponent));
    };
    CHECK(with(256, 65537) == Names{"PS256-2048", "RS256-2048"});
    CHECK(with(384, 0) == Names{"PS256-3072", "RS256-3072"});
    for (const std::size_t size : {128UL, 255UL, 257UL, 383UL, 385UL, 512UL})
        CHECK(with(size, 65537).empty());
    for (const std::uint32_t exponent : {3U, 17U, 65539U}) {
        CHECK(with(256, exponent).empty());
        CHECK(with(384, exponent).empty());
    }
    // 2047 bits take one byte less.
    Bytes shorter(256, 0xc5);
    shorter.front() = 0x45;
    CHECK(algorithms_for(*spki_of_rsa(shorter, 65537)).empty());
    // The same size again with another exponent, and with a modulus that would be negative.
    const Bytes good = *spki_of_rsa(Bytes(256, 0xc5), 65537);
    CHECK(algorithms_for(changed(good, good.size() - 1, 0x02)).empty());
    CHECK(algorithms_for(changed(good, 33, 0x80)).empty());
}

TEST_CASE("spki: Ed25519 keys are canonical points of large order", "[core][crypto]") {
    CHECK(hex(*spki_of_ed25519(rfc_8037_point)) == ed25519_head + hex(rfc_8037_point));
    CHECK_FALSE(spki_of_ed25519(ByteView(rfc_8037_point).first(31)));
    CHECK_FALSE(spki_of_ed25519(Bytes(33, 0x11)));
    const std::string f30(60, 'f');
    CHECK(takes_point("eb" + f30 + "7f"));        // y = 2^255 - 21: the largest that is left
    CHECK_FALSE(takes_point("ec" + f30 + "7f"));  // -1, of order 2
    CHECK_FALSE(takes_point("ec" + f30 + "ff"));
    CHECK_FALSE(takes_point("ed" + f30 + "7f"));  // 0 once more, and so on
    CHECK_FALSE(takes_point("f0" + f30 + "ff"));
    CHECK_FALSE(takes_point("ff" + f30 + "7f"));
    for (const char* sign : {"00", "80"}) {
        CHECK_FALSE(takes_point("00" + std::string(60, '0') + sign));
        CHECK_FALSE(takes_point("01" + std::string(60, '0') + sign));
        CHECK(takes_point("03" + std::string(60, '0') + sign));
    }
    for (const char* order_8 : {"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                                "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
                                "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                                "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"})
        CHECK_FALSE(takes_point(order_8));
}

TEST_CASE("spki: a signature made up for a point of small order is refused", "[core][crypto]") {
    // R = the neutral element and S = 0: OpenSSL itself takes it for any message under this key.
    Bytes key(32);
    key.front() = 1;
    Bytes made_up(64);
    made_up.front() = 1;
    const Bytes spki = *from_hex(ed25519_head + hex(key));
    const Bytes message = bytes_of(view_of("anything"));
    const std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)> read(
        ::EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()),
        &::EVP_PKEY_free);
    const std::unique_ptr<EVP_MD_CTX, decltype(&::EVP_MD_CTX_free)> context(::EVP_MD_CTX_new(),
                                                                            &::EVP_MD_CTX_free);
    REQUIRE(::EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, read.get()) == 1);
    REQUIRE(::EVP_DigestVerify(context.get(), made_up.data(), made_up.size(), message.data(),
                               message.size()) == 1);
    CHECK_FALSE(verify_jws(KeyAlgorithm::ed25519, spki, message, made_up));
}

TEST_CASE("spki: P-384 points are on their curve and uncompressed", "[core][crypto]") {
    const Bytes good = tests::SoftwareKey(KeyAlgorithm::es384).spki();
    const ByteView point = ByteView(good).last(96);
    EcPoint parts{bytes_of(point.first(48)), bytes_of(point.last(48))};
    CHECK(*spki_of_ec("P-384", parts) == good);
    CHECK_FALSE(spki_of_ec("P-256", parts));
    parts.y.back() ^= 1;
    CHECK_FALSE(spki_of_ec("P-384", parts));
    CHECK(algorithms_for(changed(good, good.size() - 1)).empty());
    // 04 means uncompressed; 02 and 03 compressed; 06 and 07, which OpenSSL reads as well, hybrid.
    for (const int form : {0x02, 0x03, 0x05, 0x06, 0x07})
        CHECK(
            algorithms_for(changed(good, good.size() - 97, static_cast<std::uint8_t>(form ^ 0x04)))
                .empty());
}

TEST_CASE("thumbprint: of RFC 8037's, RFC 7638's and everybody's keys", "[core][crypto]") {
    CHECK(*jwk_thumbprint(*spki_of_ed25519(rfc_8037_point)) ==
          "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    CHECK(*jwk_thumbprint(*spki_of_rsa(rfc_7638_modulus, 65537)) ==
          "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    // The base point of P-384 (FIPS 186-4, D.1.2.4); the thumbprint as jose computes it.
    const EcPoint p384{*from_hex("aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a38"
                                 "5502f25dbf55296c3a545e3872760ab7"),
                       *from_hex("3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c0"
                                 "0a60b1ce1d7e819d7a431d7c90ea0e5f")};
    CHECK(*jwk_thumbprint(*spki_of_ec("P-384", p384)) ==
          "-W6Wzot_wuerYbKBVKfGEks3iY2EALna-hBqObnPuJE");
    CHECK_FALSE(jwk_thumbprint(*spki_of_rsa(rfc_7638_modulus, 3)));
}

TEST_CASE("key identifier: of the key's bits, of every kind", "[core][crypto]") {
    // RFC 7093 §2, method 1, as sha256sum has it.
    CHECK(hex(*key_identifier(*spki_of_ed25519(rfc_8037_point))) ==
          "21fe31dfa154a261626bf854046fd2271b7bed4b");
    CHECK(hex(*key_identifier(*spki_of_rsa(rfc_7638_modulus, 65537))) ==
          "ef68aefd9e40dbdde2bb1a734c0cd08d6a14da2b");
    CHECK_FALSE(key_identifier(*spki_of_rsa(rfc_7638_modulus, 3)));
}
