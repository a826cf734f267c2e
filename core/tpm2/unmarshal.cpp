#include "core/tpm2/unmarshal.h"

#include <tss2/tss2_mu.h>

#include <algorithm>
#include <string>

#include "core/crypto/hash.h"
#include "core/tpm2/attributes.h"
#include "core/tpm2/structures.h"

namespace holdfast::tpm2 {
namespace {

// attributes.h says the same as the TSS, for those who may not include the TSS.
static_assert(object::fixed_tpm == TPMA_OBJECT_FIXEDTPM);
static_assert(object::fixed_parent == TPMA_OBJECT_FIXEDPARENT);
static_assert(object::sensitive_data_origin == TPMA_OBJECT_SENSITIVEDATAORIGIN);
static_assert(object::user_with_auth == TPMA_OBJECT_USERWITHAUTH);
static_assert(object::admin_with_policy == TPMA_OBJECT_ADMINWITHPOLICY);
static_assert(object::encrypted_duplication == TPMA_OBJECT_ENCRYPTEDDUPLICATION);
static_assert(object::restricted == TPMA_OBJECT_RESTRICTED);
static_assert(object::decrypt == TPMA_OBJECT_DECRYPT);
static_assert(object::sign == TPMA_OBJECT_SIGN_ENCRYPT);
static_assert(nv::fuse == (TPMA_NV_OWNERWRITE | TPMA_NV_AUTHWRITE | TPMA_NV_OWNERREAD |
                           TPMA_NV_AUTHREAD | TPMA_NV_NO_DA | TPMA_NV_WRITTEN));
static_assert(nv::type_counter == TPM2_NT_COUNTER << TPMA_NV_TPM2_NT_SHIFT);
static_assert(nv::type_bits == TPM2_NT_BITS << TPMA_NV_TPM2_NT_SHIFT);
static_assert(alg_sha1 == TPM2_ALG_SHA1 && alg_sha256 == TPM2_ALG_SHA256);
static_assert(alg_sha384 == TPM2_ALG_SHA384);
static_assert(endorsement_hierarchy == TPM2_RH_ENDORSEMENT);

Error malformed(std::string_view what, std::string_view why) {
    return {Code::invalid, std::string(what) + ": " + std::string(why)};
}

// Marshals again and compares: whatever libtss2-mu tolerates, there is one encoding per value.
template <class T, class Unmarshal, class Marshal>
Result<T> strictly(std::string_view what, ByteView bytes, Unmarshal unmarshal, Marshal marshal) {
    if (bytes.empty()) return malformed(what, "empty");
    if (bytes.size() > sizeof(T)) return malformed(what, "longer than the structure can be");
    T value{};
    std::size_t offset = 0;
    if (unmarshal(bytes.data(), bytes.size(), &offset, &value) != TSS2_RC_SUCCESS)
        return malformed(what, "not such a structure");
    if (offset != bytes.size()) return malformed(what, "bytes left over");
    Bytes again(bytes.size());
    offset = 0;
    if (marshal(&value, again.data(), again.size(), &offset) != TSS2_RC_SUCCESS ||
        offset != bytes.size() || !std::ranges::equal(again, bytes))
        return malformed(what, "not in its one encoding");
    return value;
}

}  // namespace

Result<TPMT_PUBLIC> unmarshal_public(ByteView bytes) {
    return strictly<TPMT_PUBLIC>("TPMT_PUBLIC", bytes, ::Tss2_MU_TPMT_PUBLIC_Unmarshal,
                                 ::Tss2_MU_TPMT_PUBLIC_Marshal);
}

Result<TPMS_NV_PUBLIC> unmarshal_nv_public(ByteView bytes) {
    return strictly<TPMS_NV_PUBLIC>("TPMS_NV_PUBLIC", bytes, ::Tss2_MU_TPMS_NV_PUBLIC_Unmarshal,
                                    ::Tss2_MU_TPMS_NV_PUBLIC_Marshal);
}

Result<TPMS_ATTEST> unmarshal_attest(ByteView bytes) {
    return strictly<TPMS_ATTEST>("TPMS_ATTEST", bytes, ::Tss2_MU_TPMS_ATTEST_Unmarshal,
                                 ::Tss2_MU_TPMS_ATTEST_Marshal);
}

Result<TPMT_SIGNATURE> unmarshal_signature(ByteView bytes) {
    return strictly<TPMT_SIGNATURE>("TPMT_SIGNATURE", bytes, ::Tss2_MU_TPMT_SIGNATURE_Unmarshal,
                                    ::Tss2_MU_TPMT_SIGNATURE_Marshal);
}

std::string_view hash_name(std::uint16_t algorithm) noexcept {
    switch (algorithm) {
        case TPM2_ALG_SHA1: return "SHA1";
        case TPM2_ALG_SHA256: return "SHA256";
        case TPM2_ALG_SHA384: return "SHA384";
        case TPM2_ALG_SHA512: return "SHA512";
        default: return {};
    }
}

Result<Bytes> name_of(std::uint16_t name_alg, std::initializer_list<ByteView> pieces) {
    HOLDFAST_TRY(digest, crypto::hash(hash_name(name_alg), pieces));
    Bytes name = {static_cast<std::uint8_t>(name_alg >> 8U),
                  static_cast<std::uint8_t>(name_alg & 0xFFU)};
    name.insert(name.end(), digest.begin(), digest.end());
    return name;
}

}  // namespace holdfast::tpm2
