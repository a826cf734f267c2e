#include "core/crypto/spki.h"

#include <algorithm>
#include <array>

#include "core/crypto/der.h"
#include "core/crypto/openssl.h"

namespace holdfast::crypto {
namespace {

constexpr std::array<std::uint8_t, 3> exponent_65537{0x01, 0x00, 0x01};
constexpr std::size_t exponent_size = 2 + exponent_65537.size();  // tag, length

// No two kinds are of the same size, so the size says which form to compare with.
struct Form {
    KeyKind kind;
    std::size_t spki;  // bytes
    std::size_t bits;
};
constexpr std::array<Form, 5> forms{{{KeyKind::p256, 91, 65},
                                     {KeyKind::p384, 120, 97},
                                     {KeyKind::ed25519, 44, 32},
                                     {KeyKind::rsa_2048, 294, 270},
                                     {KeyKind::rsa_3072, 422, 398}}};

using Point = std::array<std::uint8_t, 32>;  // Ed25519: y, little-endian; the top bit is x's sign

// RFC 8032 §5.1: y is below 2^255 - 19.
constexpr Point field_prime{0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};
// The y of the points whose order divides 8. Under such a key signatures can be made up without any
// private key.
constexpr std::array<Point, 5> small_orders{
    {{0x00},
     {0x01},
     {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
     {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
      0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
      0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
     {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
      0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
      0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a}}};

Error wrong(std::string_view why) {
    return {Code::invalid, "public key: " + std::string(why)};
}

bool same(ByteView a, ByteView b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

Bytes named_curve(const char* curve) {
    constexpr const char* ec_public_key = "1.2.840.10045.2.1";  // RFC 5480 §2.1.1
    return der::value(der::sequence, {der::oid(ec_public_key), der::oid(curve)});
}

// AlgorithmIdentifier
Bytes algorithm_of(KeyKind kind) {
    switch (kind) {
        case KeyKind::p256: return named_curve("1.2.840.10045.3.1.7");
        case KeyKind::p384: return named_curve("1.3.132.0.34");
        case KeyKind::ed25519:  // RFC 8410 §3: no parameters
            return der::value(der::sequence, der::oid("1.3.101.112"));
        case KeyKind::rsa_2048:
        case KeyKind::rsa_3072: break;
    }
    constexpr const char* rsa_encryption = "1.2.840.113549.1.1.1";  // RFC 8017, A.1
    return der::value(der::sequence, {der::oid(rsa_encryption), der::value(der::null, {})});
}

Done check_ed25519(ByteView bits) {
    Point y{};
    std::copy(bits.begin(), bits.end(), y.begin());
    y.back() &= 0x7f;
    if (!std::lexicographical_compare(y.rbegin(), y.rend(), field_prime.rbegin(),
                                      field_prime.rend()))
        return wrong("Ed25519: not the canonical text of a point");
    if (std::find(small_orders.begin(), small_orders.end(), y) != small_orders.end())
        return wrong("Ed25519: a point of small order");
    return done();
}

Done check_rsa(ByteView bits) {
    const ByteView modulus = modulus_in(bits);
    const Bytes again = der::value(
        der::sequence,
        {der::unsigned_integer(modulus), der::value(der::integer, ByteView(exponent_65537))});
    // Without its top bit the modulus would be written without the zero in front, and be shorter.
    if (!same(again, bits)) return wrong("RSA: must have 2048 or 3072 bits and exponent 65537");
    return done();
}

Done check_bits(KeyKind kind, ByteView bits) {
    constexpr std::uint8_t uncompressed = 0x04;
    switch (kind) {
        case KeyKind::p256:
        case KeyKind::p384:
            if (bits.front() != uncompressed) return wrong("EC: the point must be uncompressed");
            return done();
        case KeyKind::ed25519: return check_ed25519(bits);
        case KeyKind::rsa_2048:
        case KeyKind::rsa_3072: return check_rsa(bits);
    }
    return wrong("of no kind");
}

}  // namespace

Bytes write_spki(KeyKind kind, ByteView bits) {
    return der::value(der::sequence, {algorithm_of(kind), der::bits(bits)});
}

Result<KeyBits> read_spki(ByteView spki) {
    const auto* form = std::find_if(forms.begin(), forms.end(),
                                    [&](const Form& each) { return each.spki == spki.size(); });
    const Error unknown = wrong("must be P-256, P-384, Ed25519, RSA-2048 or RSA-3072, in DER");
    if (form == forms.end()) return unknown;
    const ByteView bits = spki.last(form->bits);
    if (!same(write_spki(form->kind, bits), spki)) return unknown;
    HOLDFAST_CHECK(check_bits(form->kind, bits));
    // Reading it refuses a point that is not on its NIST curve. One not on edwards25519 verifies
    // nothing.
    HOLDFAST_CHECK(public_key_of(spki));
    return KeyBits{form->kind, bytes_of(bits)};
}

ByteView modulus_in(ByteView rsa_bits) {
    // SEQUENCE, INTEGER with a zero in front of its top bit, both with two bytes of length.
    constexpr std::size_t head = 4 + 4 + 1;
    return rsa_bits.subspan(head, rsa_bits.size() - head - exponent_size);
}

}  // namespace holdfast::crypto
