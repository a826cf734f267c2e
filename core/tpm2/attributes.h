// TPMA_OBJECT and TPMA_NV bits and algorithm ids, for those who judge keys without a TPM library.
#ifndef HOLDFAST_CORE_TPM2_ATTRIBUTES_H
#define HOLDFAST_CORE_TPM2_ATTRIBUTES_H

#include <cstdint>

namespace holdfast::tpm2 {

// TPM 2.0 Part 2, 8.3.
namespace object {
inline constexpr std::uint32_t fixed_tpm = 1U << 1U;
inline constexpr std::uint32_t fixed_parent = 1U << 4U;
inline constexpr std::uint32_t sensitive_data_origin = 1U << 5U;
inline constexpr std::uint32_t user_with_auth = 1U << 6U;
inline constexpr std::uint32_t admin_with_policy = 1U << 7U;
inline constexpr std::uint32_t encrypted_duplication = 1U << 11U;
inline constexpr std::uint32_t restricted = 1U << 16U;
inline constexpr std::uint32_t decrypt = 1U << 17U;
inline constexpr std::uint32_t sign = 1U << 18U;
}  // namespace object

// TPM 2.0 Part 2, 13.4.
namespace nv {
inline constexpr std::uint32_t owner_write = 1U << 1U;
inline constexpr std::uint32_t auth_write = 1U << 2U;
inline constexpr std::uint32_t type_counter = 1U << 4U;
inline constexpr std::uint32_t type_bits = 2U << 4U;
inline constexpr std::uint32_t type_extend = 4U << 4U;
inline constexpr std::uint32_t owner_read = 1U << 17U;
inline constexpr std::uint32_t auth_read = 1U << 18U;
inline constexpr std::uint32_t no_da = 1U << 25U;
inline constexpr std::uint32_t orderly = 1U << 26U;
inline constexpr std::uint32_t clear_stclear = 1U << 27U;
inline constexpr std::uint32_t written = 1U << 29U;
// A fuse has exactly these and its type: everything else could reset, lock or delete it.
inline constexpr std::uint32_t fuse =
    owner_write | auth_write | owner_read | auth_read | no_da | written;
// The register: begins anew with every start of the TPM, and can only be extended.
inline constexpr std::uint32_t event_register =
    auth_write | auth_read | type_extend | no_da | orderly | clear_stclear | written;
}  // namespace nv

// TPM 2.0 Part 2, 6.3.
inline constexpr std::uint16_t alg_sha1 = 0x0004;
inline constexpr std::uint16_t alg_sha256 = 0x000B;
inline constexpr std::uint16_t alg_sha384 = 0x000C;

// The Name of the endorsement hierarchy is its handle (Part 2, 7.4; Part 1, 16).
inline constexpr std::uint32_t endorsement_hierarchy = 0x4000000B;

}  // namespace holdfast::tpm2

#endif  // HOLDFAST_CORE_TPM2_ATTRIBUTES_H
