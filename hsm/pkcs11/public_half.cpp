// A token's public key objects in our words.
#include <string>
#include <utility>

#include "core/crypto/jwk.h"
#include "core/crypto/public_key.h"
#include "hsm/pkcs11/key_objects.h"
#include "hsm/pkcs11/mechanisms.h"

namespace holdfast::hsm::pkcs11 {
namespace {

constexpr std::uint8_t octet_string = 0x04;
constexpr std::uint8_t long_form = 0x80;
constexpr std::uint8_t uncompressed = 0x04;  // SEC 1, 2.3.3

Error not_shown(const char* what) {
    return {Code::denied, std::string("the token does not show the public key's ") + what};
}

// CKA_EC_POINT is an OCTET STRING around the point (PKCS#11 v2.40, 2.3.3); some tokens leave it
// out. Points are shorter than 128 bytes.
ByteView point_in(const Bytes& value, std::size_t size) {
    const ByteView whole(value);
    const bool is_wrapped = whole.size() == size + 2 && whole[0] == octet_string &&
                            whole[1] == size && size < long_form;
    if (is_wrapped) return whole.subspan(2);
    return whole.size() == size ? whole : ByteView();
}

Result<Bytes> ec_spki(const Bytes& value, const char* curve, std::size_t field) {
    const ByteView point = point_in(value, 2 * field + 1);
    if (point.empty() || point[0] != uncompressed) return not_shown("point, uncompressed");
    const crypto::EcPoint named{.x = bytes_of(point.subspan(1, field)),
                                .y = bytes_of(point.subspan(1 + field))};
    return crypto::spki_of_ec(curve, named);
}

Result<Bytes> ed25519_spki(const Bytes& value) {
    constexpr std::size_t point_size = 32;
    const ByteView point = point_in(value, point_size);
    if (point.empty()) return not_shown("point of 32 bytes");
    return crypto::spki_of_ed25519(point);
}

Result<Bytes> attribute(const Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                        const char* name) {
    HOLDFAST_TRY(value, session.read(object, type));
    if (!value) return not_shown(name);
    return *std::move(value);
}

Result<Bytes> rsa_spki(const Session& session, CK_OBJECT_HANDLE object) {
    HOLDFAST_TRY(modulus, attribute(session, object, CKA_MODULUS, "modulus"));
    HOLDFAST_TRY(exponent, attribute(session, object, CKA_PUBLIC_EXPONENT, "exponent"));
    if (exponent != Bytes{0x01, 0x00, 0x01}) return not_shown("exponent as 65537");
    return crypto::spki_of_rsa(modulus, 0);
}

Result<Bytes> read_spki(const Session& session, CK_OBJECT_HANDLE object, KeyAlgorithm algorithm) {
    if (is_rsa(algorithm)) return rsa_spki(session, object);
    HOLDFAST_TRY(point, attribute(session, object, CKA_EC_POINT, "point"));
    switch (algorithm) {
        case KeyAlgorithm::es256: return ec_spki(point, "P-256", 32);
        case KeyAlgorithm::es384: return ec_spki(point, "P-384", 48);
        default: return ed25519_spki(point);
    }
}

}  // namespace

Result<Bytes> spki_of(const Session& session, CK_OBJECT_HANDLE public_key, KeyAlgorithm algorithm) {
    HOLDFAST_TRY(spki, read_spki(session, public_key, algorithm));
    HOLDFAST_CHECK(crypto::check_key_of(algorithm, spki));
    return spki;
}

}  // namespace holdfast::hsm::pkcs11
