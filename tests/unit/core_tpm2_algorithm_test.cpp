// Which algorithm a public area is fixed to, for areas as TPMs write them.
#include <functional>

#include "core/encode/base64.h"
#include "tests/support/catch.h"
#include "tests/support/made_structures.h"

using namespace holdfast;

namespace {

using Bend = std::function<void(TPMT_PUBLIC&)>;

// The generators of the curves: points of them, as good as any (SEC 2, 2.4.2 and 2.5.1).
constexpr std::string_view p256_x =
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296";
constexpr std::string_view p256_y =
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
constexpr std::string_view p384_x =
    "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a38"
    "5502f25dbf55296c3a545e3872760ab7";
constexpr std::string_view p384_y =
    "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c0"
    "0a60b1ce1d7e819d7a431d7c90ea0e5f";

TPMT_PUBLIC area_of(TPMI_ALG_PUBLIC type) {
    TPMT_PUBLIC area{};
    area.type = type;
    area.nameAlg = TPM2_ALG_SHA256;
    area.objectAttributes = TPMA_OBJECT_SIGN_ENCRYPT;
    return area;
}

TPMT_PUBLIC ecc(TPMI_ECC_CURVE curve, TPMI_ALG_HASH hash) {
    TPMT_PUBLIC area = area_of(TPM2_ALG_ECC);
    TPMS_ECC_PARMS& parms = area.parameters.eccDetail;
    parms.symmetric.algorithm = TPM2_ALG_NULL;
    parms.scheme.scheme = TPM2_ALG_ECDSA;
    parms.scheme.details.ecdsa.hashAlg = hash;
    parms.curveID = curve;
    parms.kdf.scheme = TPM2_ALG_NULL;
    const bool p384 = curve == TPM2_ECC_NIST_P384;
    tests::set_buffer(area.unique.ecc.x, *encode::from_hex(p384 ? p384_x : p256_x));
    tests::set_buffer(area.unique.ecc.y, *encode::from_hex(p384 ? p384_y : p256_y));
    return area;
}

TPMT_PUBLIC rsa(TPMI_ALG_RSA_SCHEME scheme, std::uint16_t bits) {
    TPMT_PUBLIC area = area_of(TPM2_ALG_RSA);
    TPMS_RSA_PARMS& parms = area.parameters.rsaDetail;
    parms.symmetric.algorithm = TPM2_ALG_NULL;
    parms.scheme.scheme = scheme;
    parms.scheme.details.anySig.hashAlg = TPM2_ALG_SHA256;
    parms.keyBits = bits;
    tests::set_buffer(area.unique.rsa, Bytes(bits / 8U, 0xC1));
    return area;
}

std::optional<KeyAlgorithm> algorithm_of(TPMT_PUBLIC area, const Bend& bend = nullptr) {
    if (bend) bend(area);
    const auto read = tpm2::read_public(tests::marshalled(area, ::Tss2_MU_TPMT_PUBLIC_Marshal));
    if (!read) FAIL(read.error().text());
    return read->algorithm;
}

}  // namespace

TEST_CASE("public area: the algorithm it is fixed to is read from it", "[core][tpm2]") {
    CHECK(algorithm_of(ecc(TPM2_ECC_NIST_P256, TPM2_ALG_SHA256)) == KeyAlgorithm::es256);
    CHECK(algorithm_of(ecc(TPM2_ECC_NIST_P384, TPM2_ALG_SHA384)) == KeyAlgorithm::es384);
    CHECK(algorithm_of(rsa(TPM2_ALG_RSAPSS, 2048)) == KeyAlgorithm::ps256_2048);
    CHECK(algorithm_of(rsa(TPM2_ALG_RSAPSS, 3072)) == KeyAlgorithm::ps256_3072);
    CHECK(algorithm_of(rsa(TPM2_ALG_RSASSA, 2048)) == KeyAlgorithm::rs256_2048);
    CHECK(algorithm_of(rsa(TPM2_ALG_RSASSA, 3072)) == KeyAlgorithm::rs256_3072);
}

TEST_CASE("public area: another curve's hash, scheme, size or exponent is no algorithm of ours",
          "[core][tpm2]") {
    CHECK_FALSE(algorithm_of(ecc(TPM2_ECC_NIST_P256, TPM2_ALG_SHA384)));
    CHECK_FALSE(algorithm_of(ecc(TPM2_ECC_NIST_P384, TPM2_ALG_SHA256)));
    CHECK_FALSE(algorithm_of(ecc(TPM2_ECC_NIST_P256, TPM2_ALG_SHA256), [](TPMT_PUBLIC& area) {
        area.parameters.eccDetail.scheme.scheme = TPM2_ALG_ECSCHNORR;
    }));
    CHECK_FALSE(algorithm_of(ecc(TPM2_ECC_NIST_P256, TPM2_ALG_SHA256), [](TPMT_PUBLIC& area) {
        area.parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
    }));
    for (const std::uint16_t bits : {std::uint16_t{1024}, std::uint16_t{4096}})
        CHECK_FALSE(algorithm_of(rsa(TPM2_ALG_RSASSA, bits)));
    for (const TPMI_ALG_RSA_SCHEME scheme : {TPM2_ALG_RSASSA, TPM2_ALG_RSAPSS}) {
        CHECK_FALSE(algorithm_of(rsa(scheme, 2048), [](TPMT_PUBLIC& area) {
            area.parameters.rsaDetail.scheme.details.anySig.hashAlg = TPM2_ALG_SHA384;
        }));
        CHECK_FALSE(algorithm_of(
            rsa(scheme, 2048), [](TPMT_PUBLIC& area) { area.parameters.rsaDetail.exponent = 3; }));
    }
    CHECK_FALSE(algorithm_of(rsa(TPM2_ALG_NULL, 2048)));
    CHECK_FALSE(algorithm_of(rsa(TPM2_ALG_OAEP, 2048)));
}

TEST_CASE("public area: the usual exponent may be written out", "[core][tpm2]") {
    CHECK(algorithm_of(rsa(TPM2_ALG_RSASSA, 2048), [](TPMT_PUBLIC& area) {
              area.parameters.rsaDetail.exponent = 65537;
          }) == KeyAlgorithm::rs256_2048);
}
