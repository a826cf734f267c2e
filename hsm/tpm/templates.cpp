#include "hsm/tpm/templates.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <span>

namespace holdfast::hsm {
namespace {

constexpr TPMA_OBJECT fixed_here =
    TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN;
constexpr std::uint16_t rsa2048_bytes = 256;

// TCG EK Credential Profile 2.4, B.6: PolicyA (low range), PolicyB for both hashes (high range).
constexpr std::array<std::uint8_t, 32> policy_a = {
    0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xB3, 0xF8, 0x1A, 0x90, 0xCC, 0x8D, 0x46, 0xA5, 0xD7, 0x24,
    0xFD, 0x52, 0xD7, 0x6E, 0x06, 0x52, 0x0B, 0x64, 0xF2, 0xA1, 0xDA, 0x1B, 0x33, 0x14, 0x69, 0xAA};
constexpr std::array<std::uint8_t, 32> policy_b_sha256 = {
    0xCA, 0x3D, 0x0A, 0x99, 0xA2, 0xB9, 0x39, 0x06, 0xF7, 0xA3, 0x34, 0x24, 0x14, 0xEF, 0xCF, 0xB3,
    0xA3, 0x85, 0xD4, 0x4C, 0xD1, 0xFD, 0x45, 0x90, 0x89, 0xD1, 0x9B, 0x50, 0x71, 0xC0, 0xB7, 0xA0};
constexpr std::array<std::uint8_t, 48> policy_b_sha384 = {
    0xB2, 0x6E, 0x7D, 0x28, 0xD1, 0x1A, 0x50, 0xBC, 0x53, 0xD8, 0x82, 0xBC, 0xF5, 0xFD, 0x3A, 0x1A,
    0x07, 0x41, 0x48, 0xBB, 0x35, 0xD3, 0xB4, 0xE4, 0xCB, 0x1C, 0x0A, 0xD9, 0xBD, 0xE4, 0x19, 0xCA,
    0xCB, 0x47, 0xBA, 0x09, 0x69, 0x96, 0x46, 0x15, 0x0F, 0x9F, 0xC0, 0x00, 0xF3, 0xF8, 0x0E, 0x12};

void set_policy(TPMT_PUBLIC& area, std::span<const std::uint8_t> policy) {
    area.authPolicy.size = static_cast<UINT16>(policy.size());
    std::copy(policy.begin(), policy.end(), std::begin(area.authPolicy.buffer));
}

TPM2B_PUBLIC ecc(TPMI_ECC_CURVE curve, TPMI_ALG_HASH name_alg, TPMA_OBJECT attributes) {
    TPM2B_PUBLIC made{};
    TPMT_PUBLIC& area = made.publicArea;
    area.type = TPM2_ALG_ECC;
    area.nameAlg = name_alg;
    area.objectAttributes = attributes;
    TPMS_ECC_PARMS& parameters = area.parameters.eccDetail;
    parameters.symmetric.algorithm = TPM2_ALG_NULL;
    parameters.scheme.scheme = TPM2_ALG_NULL;
    parameters.curveID = curve;
    parameters.kdf.scheme = TPM2_ALG_NULL;
    return made;
}

TPM2B_PUBLIC signing_key(const SigningScheme& scheme, TPMA_OBJECT more_attributes) {
    const TPMT_PUBLIC_PARMS parameters = parameters_of(scheme);
    TPM2B_PUBLIC made{};
    TPMT_PUBLIC& area = made.publicArea;
    area.type = parameters.type;
    area.nameAlg = TPM2_ALG_SHA256;
    area.objectAttributes =
        fixed_here | TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_NODA | more_attributes;
    area.parameters = parameters.parameters;
    return made;
}

void use_aes(TPMT_SYM_DEF_OBJECT& symmetric, std::uint16_t bits) {
    symmetric.algorithm = TPM2_ALG_AES;
    symmetric.keyBits.aes = bits;
    symmetric.mode.aes = TPM2_ALG_CFB;
}

constexpr TPMA_OBJECT ek_low =
    fixed_here | TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT;
constexpr TPMA_OBJECT ek_high = ek_low | TPMA_OBJECT_USERWITHAUTH;

TPM2B_PUBLIC ek_rsa(std::uint16_t bits, TPMI_ALG_HASH name_alg, TPMA_OBJECT attributes,
                    std::span<const std::uint8_t> policy, std::uint16_t unique_bytes) {
    TPM2B_PUBLIC made{};
    TPMT_PUBLIC& area = made.publicArea;
    area.type = TPM2_ALG_RSA;
    area.nameAlg = name_alg;
    area.objectAttributes = attributes;
    set_policy(area, policy);
    TPMS_RSA_PARMS& parameters = area.parameters.rsaDetail;
    use_aes(parameters.symmetric, name_alg == TPM2_ALG_SHA384 ? 256 : 128);
    parameters.scheme.scheme = TPM2_ALG_NULL;
    parameters.keyBits = bits;
    area.unique.rsa.size = unique_bytes;  // of zeros
    return made;
}

TPM2B_PUBLIC ek_ecc(TPMI_ECC_CURVE curve, TPMI_ALG_HASH name_alg, TPMA_OBJECT attributes,
                    std::span<const std::uint8_t> policy, std::uint16_t unique_bytes) {
    TPM2B_PUBLIC made = ecc(curve, name_alg, attributes);
    set_policy(made.publicArea, policy);
    use_aes(made.publicArea.parameters.eccDetail.symmetric,
            name_alg == TPM2_ALG_SHA384 ? 256 : 128);
    made.publicArea.unique.ecc.x.size = unique_bytes;  // of zeros
    made.publicArea.unique.ecc.y.size = unique_bytes;
    return made;
}

TPMS_NV_PUBLIC fuse_public(TPM2_HANDLE index, TPM2_NT type) {
    TPMS_NV_PUBLIC made{};
    made.nvIndex = index;
    made.nameAlg = TPM2_ALG_SHA256;
    made.attributes = fuse_attributes | (static_cast<TPMA_NV>(type) << TPMA_NV_TPM2_NT_SHIFT);
    made.dataSize = sizeof(std::uint64_t);
    return made;
}

}  // namespace

TPM2B_PUBLIC srk_template() {
    TPM2B_PUBLIC made = ecc(TPM2_ECC_NIST_P256, TPM2_ALG_SHA256,
                            fixed_here | TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA |
                                TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT);
    use_aes(made.publicArea.parameters.eccDetail.symmetric, 128);
    made.publicArea.unique.ecc.x.size = p256_bytes;  // of zeros
    made.publicArea.unique.ecc.y.size = p256_bytes;
    return made;
}

bool fits_srk(const TPMT_PUBLIC& area) noexcept {
    constexpr TPMA_OBJECT needed = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                                   TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT;
    return (area.objectAttributes & needed) == needed &&
           (area.type == TPM2_ALG_ECC || area.type == TPM2_ALG_RSA);
}

TPM2B_PUBLIC ak_template() {
    return signing_key(es256_scheme, TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_USERWITHAUTH);
}

TPM2B_PUBLIC fused_key_template(const SigningScheme& scheme, const Sha256& policy) {
    TPM2B_PUBLIC made = signing_key(scheme, 0);
    set_policy(made.publicArea, policy);
    return made;
}

TPM2B_PUBLIC plain_key_template() {
    return signing_key(es256_scheme, TPMA_OBJECT_USERWITHAUTH);
}

// Curves before RSA, which takes a real chip many seconds to make. swtpm fills the unique field of
// its P-384 EK with zeros where the profile has it empty, so both forms are tried; the
// certificate's key decides.
std::vector<EkSlot> ek_slots() {
    constexpr auto sha256 = TPM2_ALG_SHA256;
    constexpr auto sha384 = TPM2_ALG_SHA384;
    return {
        {0x01C0000A,
         0x01C0000C,
         {ek_ecc(TPM2_ECC_NIST_P256, sha256, ek_low, policy_a, p256_bytes)}},
        {0x01C00014, 0, {ek_ecc(TPM2_ECC_NIST_P256, sha256, ek_high, policy_b_sha256, 0)}},
        {0x01C00016,
         0,
         {ek_ecc(TPM2_ECC_NIST_P384, sha384, ek_high, policy_b_sha384, 0),
          ek_ecc(TPM2_ECC_NIST_P384, sha384, ek_high, policy_b_sha384, p384_bytes)}},
        {0x01C00002, 0x01C00004, {ek_rsa(2048, sha256, ek_low, policy_a, rsa2048_bytes)}},
        {0x01C00012, 0, {ek_rsa(2048, sha256, ek_high, policy_b_sha256, 0)}},
        {0x01C0001C, 0, {ek_rsa(3072, sha384, ek_high, policy_b_sha384, 0)}},
    };
}

TPM2B_PUBLIC default_ek_template() {
    return ek_ecc(TPM2_ECC_NIST_P256, TPM2_ALG_SHA256, ek_low, policy_a, p256_bytes);
}

TPMS_NV_PUBLIC counter_public(TPM2_HANDLE index) {
    return fuse_public(index, TPM2_NT_COUNTER);
}

TPMS_NV_PUBLIC bank_public(TPM2_HANDLE index, const Sha256& random_policy) {
    TPMS_NV_PUBLIC made = fuse_public(index, TPM2_NT_BITS);
    made.authPolicy.size = static_cast<UINT16>(random_policy.size());
    std::copy(random_policy.begin(), random_policy.end(), std::begin(made.authPolicy.buffer));
    return made;
}

TPMS_NV_PUBLIC register_public(TPM2_HANDLE index) {
    TPMS_NV_PUBLIC made{};
    made.nvIndex = index;
    made.nameAlg = TPM2_ALG_SHA256;
    made.attributes =
        register_attributes | (static_cast<TPMA_NV>(TPM2_NT_EXTEND) << TPMA_NV_TPM2_NT_SHIFT);
    made.dataSize = sizeof(Sha256);
    return made;
}

}  // namespace holdfast::hsm
