// TPM structures without a TPM: strict readers of TPMT_PUBLIC, TPMS_ATTEST, TPMS_NV_PUBLIC.
#ifndef HOLDFAST_CORE_TPM2_STRUCTURES_H
#define HOLDFAST_CORE_TPM2_STRUCTURES_H

#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <variant>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/result.h"

namespace holdfast::tpm2 {

// Every reader refuses trailing bytes and sizes past the structure's own maximum.

struct Public {  // TPMT_PUBLIC, TPM 2.0 Part 2, 12.2.4
    std::uint16_t type = 0;
    std::uint16_t name_alg = 0;
    std::uint32_t attributes = 0;  // TPMA_OBJECT
    Bytes auth_policy;
    std::uint16_t scheme = 0;       // TPM_ALG_NULL when the caller of Sign chooses
    std::uint16_t scheme_hash = 0;  // 0 when there is no scheme
    Bytes spki;                     // P-256, P-384 or RSA
    Bytes name;                     // nameAlg ‖ H(TPMT_PUBLIC), Part 1, 16
    // The one that curve or size, scheme and hash are fixed to; none: another, or the caller
    // chooses.
    std::optional<KeyAlgorithm> algorithm;
};
Result<Public> read_public(ByteView tpmt_public);

struct NvPublic {  // TPMS_NV_PUBLIC, Part 2, 13.5
    std::uint32_t index = 0;
    std::uint32_t attributes = 0;  // TPMA_NV, type in bits 7:4
    Bytes auth_policy;
    std::uint16_t data_size = 0;
    Bytes name;
};
Result<NvPublic> read_nv_public(ByteView tpms_nv_public);

struct PcrSelection {
    std::uint16_t hash = 0;  // bank
    std::set<std::uint8_t> pcrs;
    friend bool operator==(const PcrSelection&, const PcrSelection&) = default;
};
struct QuoteInfo {
    std::vector<PcrSelection> selected;  // in the order the digest was made; no bank twice
    Bytes pcr_digest;
};
struct CertifyInfo {
    Bytes name;
    Bytes qualified_name;
};
struct NvCertifyInfo {
    Bytes index_name;
    std::uint16_t offset = 0;
    Bytes contents;
};

struct Attest {  // TPMS_ATTEST, Part 2, 10.12.12; magic must be TPM_GENERATED_VALUE
    Bytes qualified_signer;
    Bytes extra_data;
    std::uint64_t clock = 0;  // milliseconds
    std::uint32_t reset_count = 0;
    std::uint32_t restart_count = 0;
    bool safe = false;
    std::uint64_t firmware = 0;
    std::variant<QuoteInfo, CertifyInfo, NvCertifyInfo> what;  // others are refused
};
Result<Attest> read_attest(ByteView tpms_attest);

struct Signature {                // TPMT_SIGNATURE, Part 2, 11.3.4
    std::uint16_t algorithm = 0;  // TPM_ALG_ECDSA, RSASSA, RSAPSS
    std::uint16_t hash = 0;
    Bytes raw;  // r ‖ s in equal halves, or the RSA signature; never empty
};
Result<Signature> read_signature(ByteView tpmt_signature);

// "SHA256" for TPM_ALG_SHA256 and so on; empty for what Holdfast does not hash with.
std::string_view hash_name(std::uint16_t algorithm) noexcept;

// The Qualified Name of a primary key: nameAlg ‖ H(hierarchy handle ‖ Name), Part 1, 16.
Result<Bytes> qualified_name_of_primary(std::uint32_t hierarchy, const Public& key);

// Checks the signature over the whole of `message` with the hash the signature names.
Done verify(const Public& key, ByteView message, ByteView tpmt_signature);

}  // namespace holdfast::tpm2

#endif  // HOLDFAST_CORE_TPM2_STRUCTURES_H
